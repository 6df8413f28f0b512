import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Where systems install a Chromium of their own. */
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
/** The folder node_modules, also where this runs from the build. */
const PACKAGES = path.resolve(require.resolve('playwright-core/package.json'), '../..');
/** A lock that is older belongs to a process that died. */
const STALE_LOCK_MS = 60_000;
/** Where the browser from npm is unpacked, once for all runs of this clone. */
const UNPACKED = path.join(PACKAGES, '.cache/epochgraph-test-browser');

/** Runs work that the processes of other test files may want to do as well, one after the other. */
async function alone<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
      await sleep(100);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Unpacks the browser that npm brings, with the libraries that a bare system lacks. */
async function unpack(): Promise<{ executablePath: string; libraries: string }> {
  const unpacked = { executablePath: path.join(UNPACKED, 'chromium'), libraries: path.join(UNPACKED, 'al2023', 'lib') };
  const isWhole = path.join(UNPACKED, 'whole');
  mkdirSync(path.dirname(UNPACKED), { recursive: true });
  await alone(`${UNPACKED}.lock`, async () => {
    if (existsSync(isWhole)) return;
    rmSync(UNPACKED, { recursive: true, force: true });
    mkdirSync(UNPACKED);
    // It unpacks into the temporary folder, and the libraries only where it believes to be on this runtime.
    const env = { ...process.env, TMPDIR: UNPACKED, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
    const script = "require('@sparticuz/chromium').executablePath()";
    await promisify(execFile)(process.execPath, ['--eval', script], { cwd: PACKAGES, env });
    writeFileSync(isWhole, '');
  });
  return unpacked;
}

/** Starts a browser: the one at EPOCHGRAPH_TEST_BROWSER, else the one from npm, else an installed one. */
export async function openBrowser(): Promise<Browser> {
  const chosen = process.env.EPOCHGRAPH_TEST_BROWSER;
  if (chosen) return chromium.launch({ executablePath: chosen, args: ARGUMENTS });
  try {
    const { executablePath, libraries } = await unpack();
    const known = process.env.LD_LIBRARY_PATH;
    const env = { ...process.env, LD_LIBRARY_PATH: known ? `${libraries}:${known}` : libraries };
    return await chromium.launch({ executablePath, args: ARGUMENTS, env });
  } catch (error) {
    // The package has Linux on x64 alone.
    const installed = INSTALLED.find((file) => existsSync(file));
    if (!installed) throw error;
    return chromium.launch({ executablePath: installed, args: ARGUMENTS });
  }
}

/** A page with what went wrong on it. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts and of the console, and requests that left the server's origin. */
  faults: string[];
  close: () => Promise<void>;
}

export interface Look {
  width?: number;
  dark?: boolean;
  /** What the browser says of its language, where that is not a usual one. */
  language?: string;
}

/** Opens a page at an address and watches it from its first request on. */
export async function openPage(browser: Browser, url: string, { width = 1440, dark = false, language }: Look = {}) {
  const { origin } = new URL(url);
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'en-US',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  if (language !== undefined) {
    const said = JSON.stringify({ value: language, configurable: true });
    await page.addInitScript(`Object.defineProperty(navigator, 'language', ${said})`);
  }
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`${error.name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  const watch = (address: string): void => {
    const isOwn = address.startsWith(origin) || address.startsWith(origin.replace(/^http/, 'ws'));
    if (!isOwn && !/^(data|blob):/.test(address)) faults.push(`outside: ${address}`);
  };
  page.on('request', (request) => watch(request.url()));
  page.on('websocket', (socket) => watch(socket.url()));
  await page.goto(url);
  return { page, context, faults, close: () => context.close() } satisfies WatchedPage;
}
