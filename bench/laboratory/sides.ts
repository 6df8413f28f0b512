import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { COMMAND_LINE } from './server-process';

/** One of the servers that are compared. All but the floor serve the same schema over the same stores. */
export interface Side {
  key: string;
  title: string;
  /** What Node runs. */
  command: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

const peer = (name: string): string => path.join(__dirname, '..', 'peers', `${name}.js`);

export const EPOCHGRAPH = 'epochgraph';
export const FLOOR = 'floor';

const SIDES: readonly Side[] = [
  { key: EPOCHGRAPH, title: 'Epochgraph', command: [COMMAND_LINE, 'serve'] },
  { key: 'apollo', title: 'Apollo Server on Express', command: [peer('apollo')] },
  { key: 'yoga', title: 'graphql-yoga', command: [peer('yoga')] },
  { key: 'mercurius', title: 'Mercurius', command: [peer('mercurius')] },
  { key: 'mercurius-jit', title: 'Mercurius with jit', command: [peer('mercurius'), 'jit'] },
  { key: FLOOR, title: 'the floor', command: [peer('floor')] },
];

/**
 * The sides of these keys, all where there are none. Epochgraph may be named with settings, to compare it with itself:
 * "epochgraph@NAME=VALUE", several joined by "@". Throws where there is no such side.
 */
export function sidesOf(keys: readonly string[] | undefined): Side[] {
  return (keys ?? SIDES.map(({ key }) => key)).map((name) => {
    const [key, ...settings] = name.split('@');
    const side = SIDES.find((one) => one.key === key);
    if (!side) throw new Error(`There is no side ${name}; there are ${SIDES.map((one) => one.key).join(', ')}.`);
    if (settings.length === 0) return side;
    const environment = Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string]));
    return { ...side, key: name, title: `${side.title} with ${settings.join(' ')}`, environment };
  });
}

/** Characters of its log that are shown where a side does not start. */
const LAST_OF_LOG = 2_000;

/** A side that runs, in a process of its own. */
export interface RunningSide extends Side {
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

/**
 * Starts a side on a database; it takes requests when the promise resolves. Without a URI, Epochgraph starts an embedded
 * database in the DATA_DIR of its environment, which it refuses to do in production; else all run as in production. Each
 * logs as it does by default, to a file.
 */
export async function startSide(side: Side, uri: string | undefined): Promise<RunningSide> {
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-side-'));
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [...side.command], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: uri === undefined ? 'development' : 'production',
      PORT: '0',
      HOST: '127.0.0.1',
      ...side.environment,
      MONGODB_URI: uri ?? '',
    },
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  for (;;) {
    const line = (await lines.next()) as IteratorResult<string, undefined>;
    if (line.done) {
      const why = readFileSync(logFile, 'utf8').slice(-LAST_OF_LOG);
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`${side.title} did not start: ${why}`);
    }
    const url = /listens on (\S+)/.exec(line.value)?.[1];
    if (!url) continue;
    child.stdout!.resume();
    return {
      ...side,
      url,
      pid: child.pid!,
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
}
