import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const COMMAND_LINE = path.join(__dirname, '..', '..', '..', 'bin', 'epochgraph.js');

/** A server in a process of its own, on the embedded database in a temporary folder, written to disk as always. */
export interface BenchServer {
  url: string;
  /** Its working directory, which goes with it. */
  folder: string;
  dataDir: string;
  stop: () => Promise<void>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-bench-'));
  const dataDir = path.join(folder, 'data');
  const child = spawn(process.execPath, [COMMAND_LINE, 'serve'], {
    cwd: folder,
    env: { ...process.env, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: /listens on (\S+)/.exec(line.toString())![1]!,
    folder,
    dataDir,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const agent = new Agent({ keepAlive: true });

/** Sends a body over a kept connection; the answer's text. */
export function send(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The data of one operation; throws where there are errors. */
export async function post<T>(url: string, query: string, variables: object = {}): Promise<T> {
  const { data, errors } = JSON.parse(await send(url, JSON.stringify({ query, variables }))) as {
    data: T;
    errors?: unknown;
  };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}
