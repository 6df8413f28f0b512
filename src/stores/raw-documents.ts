import { MongoBulkWriteError, type Collection, type Document, type Filter, type ObjectId } from 'mongodb';
import { EJSON } from 'bson';
import type { CollectionName } from './collections';
import { sameContent } from './content';
import type { Database } from './database';
import { progressUpdate, recomputeProgress, storedProgress } from './progress';
import { inTransaction, isDuplicateKey } from './transactions';
import { withinTime } from './time-limits';

/**
 * Documents as they are stored, types and order of fields included, for exports and imports. Their text is MongoDB's
 * extended JSON in its canonical form, one line each: mongoimport reads it, and mongoexport writes it.
 */

/** Keeps the type of each number: by default the driver makes a double of an int32. */
const AS_STORED = { promoteValues: false, promoteLongs: false, promoteBuffers: false } as const;
const READ_BATCH = 1000;
const INSERT_BATCH = 1000;

/** A document as canonical extended JSON, on one line. */
export function toLine(document: Document): string {
  return EJSON.stringify(document, { relaxed: false });
}

/** The document that a line of extended JSON stands for. Throws a SyntaxError for anything else. */
export function fromLine(line: string): Document {
  const document: unknown = EJSON.parse(line, { relaxed: false });
  if (typeof document !== 'object' || document === null || Array.isArray(document) || '_bsontype' in document) {
    throw new SyntaxError('it is no document');
  }
  return document;
}

/** What became of an imported document: `kept` means that another one is stored under its key, and stays. */
export type ImportOutcome = 'created' | 'unchanged' | 'kept';

/** The four collections, document by document. */
export class RawDocuments {
  constructor(private readonly database: Database) {}

  /** The documents of a collection in the order of their ids. */
  all(collection: CollectionName, filter: Filter<Document> = {}): AsyncIterable<Document> {
    return this.database.collections[collection].find(filter, { ...AS_STORED, batchSize: READ_BATCH }).sort({ _id: 1 });
  }

  /** The epochs or checkpoints of experiments, these one after another in the order given. */
  async *ofExperiments(collection: 'epochs' | 'checkpoints', ids: readonly unknown[]): AsyncGenerator<Document> {
    for (const id of ids) yield* this.all(collection, { experiment_id: id });
  }

  /** The ids of the experiments under a filter, ascending. */
  async experimentIds(filter: Filter<Document>): Promise<unknown[]> {
    const rows = await this.database.collections.experiments
      .find(filter, { projection: { _id: 1 }, batchSize: READ_BATCH })
      .sort({ _id: 1 })
      .toArray();
    return rows.map(({ _id }) => _id as unknown);
  }

  /** How many documents a collection has. */
  count(collection: CollectionName): Promise<number> {
    return this.database.collections[collection].countDocuments({});
  }

  /**
   * Inserts documents as they are, each unless one is stored under its key: then that one stays, and the outcome says
   * whether it is the same. In the order given.
   */
  async insert(name: CollectionName, documents: readonly Document[]): Promise<ImportOutcome[]> {
    const collection = this.database.collections[name];
    const outcomes: ImportOutcome[] = [];
    for (let start = 0; start < documents.length; start += INSERT_BATCH) {
      const batch = documents.slice(start, start + INSERT_BATCH);
      outcomes.push(...(await this.insertBatch(collection, batch)));
    }
    return outcomes;
  }

  private async insertBatch(collection: Collection<Document>, batch: readonly Document[]): Promise<ImportOutcome[]> {
    const taken = new Set<number>();
    try {
      await withinTime(collection.insertMany([...batch], { ordered: false }));
    } catch (error) {
      const failures = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
      if (!isDuplicateKey(error) || failures.some(({ code }) => code !== 11_000)) throw error;
      for (const { index } of failures) taken.add(index);
    }
    if (taken.size === 0) return batch.map(() => 'created');
    const ids = [...taken].map((index) => batch[index]!._id as ObjectId);
    const stored = new Map<string, string>();
    for await (const raw of collection.find({ _id: { $in: ids } }, AS_STORED))
      stored.set(toLine({ _id: raw._id }), toLine(raw));
    return batch.map((document, index) => {
      if (!taken.has(index)) return 'created';
      return stored.get(toLine({ _id: document._id as ObjectId })) === toLine(document) ? 'unchanged' : 'kept';
    });
  }

  /**
   * Brings the server's own metrics of an experiment to what its stored epochs say. One that another program wrote,
   * which has none, is left alone, and so is one that is not there.
   */
  async refreshProgress(id: unknown): Promise<void> {
    const { experiments, epochs } = this.database.collections;
    await inTransaction(this.database.client, async (session) => {
      const stored = await experiments.findOne({ _id: id as ObjectId }, { session });
      const old = stored && storedProgress(stored);
      if (!old) return;
      const progress = await recomputeProgress(epochs, id as ObjectId, session);
      if (sameContent(old, progress)) return;
      const { $set, $unset } = progressUpdate(old, progress);
      const update = { $set, ...(Object.keys($unset).length > 0 ? { $unset } : {}) };
      await experiments.updateOne({ _id: id as ObjectId }, update, { session });
    });
  }
}
