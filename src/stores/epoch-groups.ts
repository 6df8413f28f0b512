import type { ClientSession, Document, ObjectId } from 'mongodb';
import { databaseUnavailable } from '../errors';
import { wholeAnswer } from './collections';
import type { Database } from './database';
import { advanceProgress, progressUpdate, storedProgress } from './progress';
import { attemptOnce } from './transactions';

/** Transactions at once. What comes meanwhile goes with the next one. */
const MAX_RUNNING = 2;

/** Epochs of one experiment that may all be new, in any order, each number once. */
export interface NewEpochs {
  experimentId: ObjectId;
  documents: readonly Document[];
  /** When the trainer was heard. */
  now: Date;
  /** Until when the outcome must be known, in ms since 1970. */
  deadline: number;
}

interface Member extends NewEpochs {
  settle: (isStored: boolean) => void;
  fail: (error: unknown) => void;
}

/**
 * Stores new epochs of several experiments in one transaction, so that many trainers cost the database hardly more
 * commands than one. It takes those alone whose numbers are past the last stored one: they need no look at what is stored
 * before, and the unique index decides where another program has stored one all the same. An experiment may be in one
 * transaction at a time: its caller's queue sees to that.
 */
export class EpochGroups {
  private ready: Member[] = [];
  private running = 0;

  /** @param most - epochs of a transaction, or those of one experiment where these are more. */
  constructor(
    private readonly database: Database,
    private readonly most: number,
  ) {}

  /**
   * Whether the epochs were stored; nothing was where they were not, and they are to be stored on their own then. Rejects
   * with DATABASE_UNAVAILABLE where the outcome is unknown.
   */
  store(epochs: NewEpochs): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.ready.push({ ...epochs, settle, fail });
      if (this.running < MAX_RUNNING) this.next();
    });
  }

  /** Begins a transaction with those that are ready, as many as it takes. */
  private next(): void {
    const members: Member[] = [];
    let count = 0;
    for (const { documents } of this.ready) {
      if (count > 0 && count + documents.length > this.most) break;
      count += documents.length;
      members.push(this.ready[members.length]!);
    }
    this.ready = this.ready.slice(members.length);
    this.running++;
    void this.run(members).finally(() => {
      this.running--;
      if (this.ready.length > 0) this.next();
    });
  }

  private async run(members: readonly Member[]): Promise<void> {
    try {
      // They have waited for as long as a transaction before theirs took: the first of them has the least time left.
      const deadline = Math.min(...members.map((member) => member.deadline));
      const stored = await attemptOnce(this.database.client, (session) => this.write(members, session), deadline);
      for (const member of members) member.settle(stored?.has(member) ?? false);
    } catch (error) {
      for (const { fail } of members) fail(error);
    }
  }

  /** One transaction: those of the members that were stored by it. */
  private async write(members: readonly Member[], session: ClientSession): Promise<Set<Member>> {
    const { experiments, epochs } = this.database.collections;
    const ids = members.map(({ experimentId }) => experimentId);
    const found = await experiments
      .find({ _id: { $in: ids } }, { ...wholeAnswer(), session, projection: { progress: 1 } })
      .toArray();
    const byId = new Map(found.map((experiment) => [String(experiment._id), experiment]));
    const updates: { filter: Document; update: Document; member: Member }[] = [];
    for (const member of members) {
      const update = this.updateOf(member, byId.get(member.experimentId.toHexString()));
      if (update) updates.push({ filter: { _id: member.experimentId }, update, member });
    }
    if (updates.length === 0) return new Set();
    const documents = updates.flatMap(({ member }) => [...member.documents]);
    await epochs.insertMany(documents, { session, ordered: true });
    const { matchedCount } = await experiments.bulkWrite(
      updates.map(({ filter, update }) => ({ updateOne: { filter, update } })),
      { session, ordered: true },
    );
    // All were in the same snapshot; without its experiment, no epoch may be left.
    if (matchedCount !== updates.length) throw databaseUnavailable();
    return new Set(updates.map(({ member }) => member));
  }

  /** The update of a member's experiment; undefined where its epochs are to be looked at on their own. */
  private updateOf({ documents, now }: Member, experiment: Document | undefined): Document | undefined {
    const old = experiment && storedProgress(experiment);
    if (!old || documents.some(({ epoch }) => (epoch as number) <= old.latest_epoch)) return undefined;
    const progress = advanceProgress(
      old,
      documents.map((after) => ({ before: undefined, after })),
    );
    if (!progress) return undefined;
    const { $set, $unset } = progressUpdate(old, progress);
    return { $set: { ...$set, last_seen_at: now }, ...(Object.keys($unset).length > 0 ? { $unset } : {}) };
  }
}
