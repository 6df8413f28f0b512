import { ObjectId, type Document } from 'mongodb';
import type { Database } from './database';
import { withinTime } from './time-limits';

/** One document a running server, written anew every few seconds: what brings it back on the change stream is alive. */
export const HEARTBEATS = 'server_heartbeats';

/** A document older than this is that of a server which died. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** The heartbeat of one server. */
export class HeartbeatStore {
  readonly server = new ObjectId();

  constructor(private readonly database: Database) {}

  /** Writes that the server is alive at `at`. */
  async beat(at: Date): Promise<void> {
    await withinTime(this.collection.updateOne({ _id: this.server }, { $set: { at } }, { upsert: true }));
  }

  /** Removes this server's document, and those that servers which died have left. */
  async forget(): Promise<void> {
    const dead = { at: { $lt: new Date(Date.now() - FORGET_AFTER_MS) } };
    await withinTime(this.collection.deleteMany({ $or: [{ _id: this.server }, dead] }));
  }

  private get collection() {
    return this.database.db.collection<Document & { _id: ObjectId }>(HEARTBEATS);
  }
}
