import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ChildMessage, ChildOptions } from './protocol';

export interface EmbeddedOptions {
  /** Directory of the data; made when it does not exist. */
  dataDir: string;
  /**
   * What to do if a live process serves this directory already: 'refuse' (the default) throws EmbeddedInUseError,
   * 'join' gives that one's address, and close() leaves it running.
   */
  whenInUse?: 'refuse' | 'join';
  /** Leaves out fsync: for tests alone. A power failure then loses data that was acknowledged. */
  noSync?: boolean;
  /** Size that the oplog, which change streams resume from, is trimmed to. Default 256 MB. */
  oplogMaxBytes?: number;
  /** Age that the oplog is trimmed to. Default 7 days. */
  oplogMaxAgeSeconds?: number;
  /** A TCP port on 127.0.0.1 beside the socket. There are no passwords: whoever can reach it can read and write all. */
  port?: number;
  /** Allows configureFailPoint: for tests alone. */
  failPoints?: boolean;
  /** Age at which an open transaction is ended, in seconds. Default 60, as in MongoDB; less is for tests. */
  transactionSeconds?: number;
  /** Told of restarts and other events. */
  onEvent?: (event: EmbeddedEvent) => void;
}

export interface EmbeddedEvent {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields?: Record<string, unknown>;
}

export interface EmbeddedDatabase {
  /** Connection string for the driver; stays the same if the process has to be started again. */
  readonly uri: string;
  readonly dataDir: string;
  /** True when another process started the database. */
  readonly joined: boolean;
  /** Stops the database after its queued commits; a joined one is left running. */
  close(): Promise<void>;
}

/** Another live process serves the data directory. */
export class EmbeddedInUseError extends Error {
  override readonly name = 'EmbeddedInUseError';
}

const DEFAULT_OPLOG_BYTES = 256 * 1024 * 1024;
const DEFAULT_OPLOG_SECONDS = 7 * 24 * 3600;
/** As MongoDB's transactionLifetimeLimitSeconds. */
const DEFAULT_TRANSACTION_SECONDS = 60;
const START_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 15_000;
const FIRST_RESTART_MS = 100;
const LONGEST_RESTART_MS = 5_000;
/** A process that lived for so long is started again at once. */
const STABLE_MS = 30_000;

/**
 * Starts the embedded database for a data directory in a process of its own and resolves when it answers. If that
 * process dies, it is started again at the same address. Throws EmbeddedInUseError, or an Error that says what is wrong.
 */
export async function start(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const supervisor = new Supervisor(options);
  return supervisor.start();
}

class Supervisor {
  private child: ChildProcess | undefined;
  private closing = false;
  private restartMs = FIRST_RESTART_MS;
  private restart: NodeJS.Timeout | undefined;
  private readonly childOptions: ChildOptions;

  constructor(private readonly options: EmbeddedOptions) {
    this.childOptions = {
      dataDir: resolve(options.dataDir),
      noSync: options.noSync ?? false,
      oplogMaxBytes: options.oplogMaxBytes ?? DEFAULT_OPLOG_BYTES,
      oplogMaxAgeSeconds: options.oplogMaxAgeSeconds ?? DEFAULT_OPLOG_SECONDS,
      port: options.port,
      tcpPort: 0,
      failPoints: options.failPoints ?? false,
      transactionSeconds: options.transactionSeconds ?? DEFAULT_TRANSACTION_SECONDS,
    };
  }

  async start(): Promise<EmbeddedDatabase> {
    const { dataDir } = this.childOptions;
    const answer = await this.launch();
    if (answer.type === 'in-use') {
      const by = answer.pid === undefined ? 'a process that does not answer' : `process ${answer.pid}`;
      if (this.options.whenInUse === 'join' && answer.uri) {
        return { uri: answer.uri, dataDir, joined: true, close: async () => undefined };
      }
      throw new EmbeddedInUseError(
        `The data directory ${dataDir} is in use by ${by}. Stop that Epochgraph first, or choose another directory (DATA_DIR).`,
      );
    }
    if (answer.type === 'failed')
      throw new Error(`The embedded database in ${dataDir} could not start: ${answer.message}`);
    this.childOptions.tcpPort = answer.tcpPort;
    return { uri: answer.uri, dataDir, joined: false, close: () => this.close() };
  }

  /** Forks the process and waits for its first answer. */
  private async launch(): Promise<Exclude<ChildMessage, { type: 'event' }>> {
    const child = fork(processFile(), [JSON.stringify(this.childOptions)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    const startedAt = Date.now();
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
    return new Promise((done) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        done({ type: 'failed', message: `it did not answer within ${START_TIMEOUT_MS / 1000} seconds` });
      }, START_TIMEOUT_MS);
      let ready = false;
      child.on('message', (message: ChildMessage) => {
        if (message.type === 'event') {
          this.tell(message.level, message.message, message.fields);
          return;
        }
        ready = message.type === 'ready';
        clearTimeout(timer);
        done(message);
        letGo(child);
      });
      child.on('error', (error) => done({ type: 'failed', message: error.message }));
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        done({ type: 'failed', message: `its process ended (${how}) ${errors}`.trim() });
        if (ready && !this.closing) this.revive(how, errors, Date.now() - startedAt);
      });
    });
  }

  private revive(how: string, errors: string, livedMs: number): void {
    if (livedMs > STABLE_MS) this.restartMs = FIRST_RESTART_MS;
    this.tell('error', 'The embedded database ended unexpectedly and is started again', { how, errors });
    this.restart = setTimeout(() => {
      void this.launch().then((answer) => {
        if (answer.type === 'ready') this.tell('info', 'The embedded database is back', { startMs: answer.startMs });
        else if (!this.closing)
          this.revive(answer.type === 'failed' ? answer.message : 'another process took the data directory', '', 0);
      });
    }, this.restartMs);
    this.restartMs = Math.min(this.restartMs * 2, LONGEST_RESTART_MS);
  }

  private async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    clearTimeout(this.restart);
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((done) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
      child.ref();
      child.once('exit', () => {
        clearTimeout(timer);
        done();
      });
      if (child.connected) child.send({ type: 'close' });
    });
  }

  private tell(level: EmbeddedEvent['level'], message: string, fields?: Record<string, unknown>): void {
    this.options.onEvent?.({ level, message, ...(fields === undefined ? {} : { fields }) });
  }
}

/** Lets the parent end by itself while the child runs; the child leaves when it notices. */
function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  (child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
}

/** The compiled process; from TypeScript sources (tests), the build's. */
function processFile(): string {
  const beside = join(__dirname, 'process.js');
  if (!__filename.endsWith('.ts')) return beside;
  const built = resolve(__dirname, '../../dist/src/embedded/process.js');
  if (!existsSync(built)) throw new Error(`The embedded database is not built: run npm run build (no ${built})`);
  return built;
}
