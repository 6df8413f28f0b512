import type { Log } from '../log';
import type { HeartbeatStore } from '../stores/heartbeats';
import type { ChangeFeed } from './feed';

const BEAT_MS = 10_000;
/** A heartbeat that was written and did not come back for so long: the stream is open in name only. */
const SILENT_MS = 30_000;

/**
 * Writes this server's heartbeat and waits for it on the change stream. That it comes back proves the stream alive; how
 * long it takes is the lag of every subscription.
 */
export class Heart {
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;
  /** When the oldest heartbeat was written that has not come back. */
  private waitingSince: number | undefined;

  constructor(
    private readonly store: HeartbeatStore,
    private readonly feed: ChangeFeed,
    private readonly log: Log,
  ) {}

  /** Whether heartbeats are written but do not come back. */
  get isSilent(): boolean {
    return this.waitedMs > SILENT_MS;
  }

  /** How far the stream is behind, in ms: as far as the last heartbeat was, or as long as one has been awaited. */
  get lagMs(): number | undefined {
    const { lastHeartbeat } = this.feed;
    return lastHeartbeat && Math.max(lastHeartbeat.lagMs, this.waitedMs);
  }

  start(): void {
    void this.beat();
    this.timer = setInterval(() => {
      void this.beat();
      if (!this.isSilent) return;
      this.log.error({ silentForMs: this.waitedMs }, 'The change stream brings nothing back; it is opened again');
      this.feed.reopen();
    }, BEAT_MS);
    this.timer.unref();
  }

  /** Writes a heartbeat now; calls while one is under way share it. Never rejects. */
  beat(): Promise<void> {
    this.beating ??= this.write().finally(() => (this.beating = undefined));
    return this.beating;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    await this.store.forget().catch(() => undefined);
  }

  private async write(): Promise<void> {
    const at = new Date();
    try {
      await this.store.beat(at);
      const { lastHeartbeat } = this.feed;
      if (this.waitingSince === undefined || (lastHeartbeat && lastHeartbeat.at >= this.waitingSince)) {
        this.waitingSince = at.getTime();
      }
    } catch (error) {
      this.log.debug({ err: error }, 'The heartbeat could not be written');
    }
  }

  private get waitedMs(): number {
    const { lastHeartbeat } = this.feed;
    if (this.waitingSince === undefined || (lastHeartbeat && lastHeartbeat.at >= this.waitingSince)) return 0;
    return Date.now() - this.waitingSince;
  }
}
