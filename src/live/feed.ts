import { setTimeout as sleep } from 'node:timers/promises';
import { MongoError, MongoServerError, type ChangeStream, type ObjectId, type ResumeToken } from 'mongodb';
import { StartupError } from '../errors';
import type { Log } from '../log';
import { refusalOf } from '../stores/connection-faults';
import type { Database } from '../stores/database';
import { withinTime } from '../stores/time-limits';
import type { Broker } from './broker';
import { encodeToken, PIPELINE, readChange, type FeedEntry } from './events';

/** How long the database holds an empty answer back, waiting for an event. */
const AWAIT_MS = 1_000;
/** Silence for so long means that the answer will never come (see stores/time-limits). */
const SILENT_MS = 10_000;
const CLOSE_WITHIN_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
/** Events passed on before subscribers get a turn to take theirs. */
const BURST = 256;

/** Codes of resume tokens that the database can't continue from: history lost, fatal error, capped position lost. */
const LOST = new Set([136, 222, 260, 280, 286]);

/** Whether an error means that a stream can't be continued from its token, however often it is tried. */
export function isHistoryLost(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  return (
    error.hasErrorLabel('NonResumableChangeStreamError') ||
    (error instanceof MongoServerError && LOST.has(Number(error.code)))
  );
}

/**
 * The server's one change stream, supervised: it is opened again from its last token after any failure, for as long as
 * it takes, and where that token is lost it starts anew and tells the broker that there is a gap. (The driver resumes by
 * itself only once, and only after failures of getMore.)
 */
export class ChangeFeed {
  /** Undefined until the stream has been open once, and again after its place was lost. */
  private token: ResumeToken;
  private stream: ChangeStream | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private openSince: Date | undefined;
  /** The place was lost, and the stream has not begun anew yet. */
  private hasGap = false;
  private heard: { lagMs: number; at: number } | undefined;

  /**
   * @param server - whose heartbeats tell how far the stream is behind
   * @param onToken - is told the id of each token that was changed
   */
  constructor(
    private readonly database: Database,
    private readonly broker: Broker,
    private readonly log: Log,
    private readonly server: ObjectId,
    private readonly onToken: (id: unknown) => void = () => undefined,
  ) {}

  /** Whether the stream is open now. */
  get isOpen(): boolean {
    return this.openSince !== undefined;
  }

  /** When this server's heartbeat came back last, and how long after it was written; undefined before the first. */
  get lastHeartbeat(): { lagMs: number; at: number } | undefined {
    return this.heard;
  }

  /** Gives the stream up; it is opened again from its place. */
  reopen(): void {
    void this.closeStream();
  }

  /** The cursor of the newest place that the feed has reached, also while nothing happens. */
  get cursor(): string | undefined {
    return this.token === undefined ? undefined : encodeToken(this.token);
  }

  /**
   * Resolves once the stream is open, so that no later event is missed. Rejects with a StartupError where the database
   * refuses it for good, as to a user who may not open one.
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.running = this.run(resolve, reject);
    });
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.closeStream();
    await this.running;
  }

  private async closeStream(): Promise<void> {
    if (this.stream) await withinTime(this.stream.close(), CLOSE_WITHIN_MS).catch(() => undefined);
  }

  private async run(onOpen: () => void, onRefused: (why: StartupError) => void): Promise<void> {
    let delay = FIRST_RETRY_MS;
    let hasBeenOpen = false;
    while (!this.stopping.signal.aborted) {
      try {
        await this.follow(() => {
          delay = FIRST_RETRY_MS;
          hasBeenOpen = true;
          onOpen();
        });
      } catch (error) {
        if (this.stopping.signal.aborted) break;
        const refusal = hasBeenOpen ? undefined : refusalOf(error);
        if (refusal !== undefined) {
          onRefused(new StartupError(refusal));
          break;
        }
        if (isHistoryLost(error)) {
          this.log.warn({ err: error }, 'The change stream lost its place; subscribers are told to query again');
          this.token = undefined;
          this.hasGap = true;
        } else {
          this.log.warn({ err: error, retryInMs: delay }, 'The change stream broke; it is opened again from its place');
        }
      }
      this.openSince = undefined;
      await this.closeStream();
      await sleep(delay * (0.5 + Math.random()), undefined, { signal: this.stopping.signal }).catch(() => undefined);
      delay = Math.min(delay * 2, LAST_RETRY_MS);
    }
  }

  /** Opens the stream and passes its events on until it fails or ends. */
  private async follow(onOpen: () => void): Promise<void> {
    const stream = this.database.db.watch(PIPELINE, {
      fullDocument: 'updateLookup',
      maxAwaitTimeMS: AWAIT_MS,
      ...(this.token === undefined ? {} : { startAfter: this.token }),
    });
    this.stream = stream;
    for (let count = 1; !this.stopping.signal.aborted && !stream.closed; count++) {
      const change = await withinTime(stream.tryNext(), AWAIT_MS + SILENT_MS);
      if (!this.openSince) {
        this.openSince = new Date();
        // Not before: what a subscriber who comes earlier reads might be older than the place where the stream begins.
        if (this.hasGap) this.broker.reset();
        this.hasGap = false;
        onOpen();
      }
      if (change) {
        this.pass(readChange(change));
      }
      this.token = stream.resumeToken ?? this.token;
      if (count % BURST === 0) await sleep(0);
    }
  }

  private pass(entry: FeedEntry): void {
    if (entry === 'reset') this.broker.reset();
    else if (entry !== 'ignored' && 'heartbeat' in entry) {
      const { cursor, server, at } = entry.heartbeat;
      this.broker.mark(cursor);
      if (at instanceof Date && this.server.equals(server as ObjectId)) {
        const now = Date.now();
        this.heard = { lagMs: Math.max(0, now - at.getTime()), at: now };
      }
    } else if (entry !== 'ignored' && 'token' in entry) this.onToken(entry.token);
    else if (entry !== 'ignored') this.broker.publish(entry);
  }
}
