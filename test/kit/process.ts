import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from './embedded';

const COMMAND_LINE = path.join(REPOSITORY, 'bin', 'epochgraph.js');
const STARTED = /^Epochgraph \S+ listens on (\S+) \(database: .*\)$/m;
const START_WITHIN_MS = 20_000;

/** How a process ended. */
export interface Exit {
  /** The exit code; null where a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process that this test file started; `killProcesses` ends it at the latest. */
export interface TestProcess {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it has written so far. */
  stdout: () => string;
  stderr: () => string;
  exited: Promise<Exit>;
  /** Sends a signal and waits for the end. */
  stop: (signal?: NodeJS.Signals) => Promise<Exit>;
}

/** A server in a process of its own. */
export interface ServerProcess extends TestProcess {
  url: string;
  /** The line that it printed when it was up. */
  line: string;
  /** Runs a document over HTTP; throws where there are errors. */
  data: <T = any>(document: string, variables?: Record<string, unknown>) => Promise<T>;
}

interface Surroundings {
  /** Variables of the process, beside what every program needs: none of this process's settings are handed on. */
  env?: NodeJS.Dict<string>;
  /** Working directory, where a .env file would be read; give a temporary folder. */
  cwd: string;
}

const living = new Set<TestProcess>();

function environment(env: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const { PATH, HOME, TMPDIR, SystemRoot, EXECUTION } = process.env;
  return { PATH, HOME, TMPDIR, SystemRoot, EXECUTION, ...env };
}

/** Starts any program. */
export function startProgram(program: string, args: readonly string[], { env = {}, cwd }: Surroundings): TestProcess {
  const child = spawn(program, args, { cwd, env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      living.delete(started);
      resolve({ code, signal, stdout, stderr });
    });
  });
  exited.catch(() => living.delete(started));
  const started: TestProcess = {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
  living.add(started);
  return started;
}

/** Starts `epochgraph` with these arguments. */
export function startCommand(args: readonly string[], surroundings: Surroundings): TestProcess {
  return startProgram(process.execPath, [COMMAND_LINE, ...args], surroundings);
}

/** Runs `epochgraph` with these arguments to its end. */
export function runCommand(args: readonly string[], surroundings: Surroundings): Promise<Exit> {
  return startCommand(args, surroundings).exited;
}

/**
 * Starts `epochgraph serve` and resolves when it has printed where it listens; a free port unless `env` names one.
 * Throws with all that it wrote where it ends instead.
 */
export async function startProcess({ env = {}, cwd }: Surroundings): Promise<ServerProcess> {
  const started = startCommand(['serve'], {
    env: { PORT: '0', LOG_LEVEL: 'warn', SLOW_OPERATION_MS: '0', ...env },
    cwd,
  });
  let ended: Exit | undefined;
  void started.exited.then((exit) => (ended = exit));
  await until(
    () => STARTED.test(started.stdout()) || ended !== undefined,
    () => `The server did not start:\n${started.stdout()}${started.stderr()}`,
    START_WITHIN_MS,
  );
  const [line, url] = STARTED.exec(started.stdout()) ?? [];
  if (!line || !url) throw new Error(`The server ended with ${ended?.code}:\n${ended?.stdout}${ended?.stderr}`);
  return {
    ...started,
    url,
    line,
    data: async (document, variables) => {
      const { data, errors } = await post(url, document, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data as never;
    },
  };
}

/** One GraphQL request over HTTP: the answer as it came. Rejects where none came. */
export async function post(
  url: string,
  query: string,
  variables?: Record<string, unknown>,
): Promise<{ data?: unknown; errors?: { message: string; extensions: { code: string } }[] }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  return (await response.json()) as never;
}

/** Ends what this test file started and still runs; for afterEach. An embedded database follows its server. */
export async function killProcesses(): Promise<void> {
  await Promise.all([...living].map(({ stop }) => stop('SIGKILL')));
}

/** Waits for a condition, looked at every few milliseconds; throws what `failure` says when it takes too long. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  failure: () => string,
  ms = 10_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(failure());
    await sleep(10);
  }
}

/** A port that nobody listens on, for a server that must come back at the same address. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
