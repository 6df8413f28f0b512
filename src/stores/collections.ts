import type { Collection, Db, Document, IndexDescription } from 'mongodb';
import { MongoServerError } from 'mongodb';
import { StartupError } from '../errors';
import { readLimit } from './time-limits';

export const EXPERIMENTS = 'experiments';
export const EPOCHS = 'epochs';
export const CHECKPOINTS = 'checkpoints';
export const SUBJECTS = 'subjects';

export const COLLECTION_NAMES = [EXPERIMENTS, EPOCHS, CHECKPOINTS, SUBJECTS] as const;
export type CollectionName = (typeof COLLECTION_NAMES)[number];

/**
 * Options of every read whose rows are bounded: all of them in the first answer (which the database cuts at 16 MB), since
 * the default of 101 would make the number of commands grow with the rows; and the time limit of reads.
 */
export function wholeAnswer(): { batchSize: number; signal: AbortSignal; maxTimeMS: number } {
  return { batchSize: 1_000_000, ...readLimit() };
}

export type Collections = Readonly<Record<CollectionName, Collection<Document>>>;

/** The four collections of a database. */
export function collectionsOf(db: Db): Collections {
  return {
    experiments: db.collection(EXPERIMENTS),
    epochs: db.collection(EPOCHS),
    checkpoints: db.collection(CHECKPOINTS),
    subjects: db.collection(SUBJECTS),
  };
}

/**
 * Every index that the server relies on; the first lines of each collection are the seed's own. The others hold the whole
 * sort of the lists that they serve, ties included. docs/indexes.md has what each is for, with explains: an index costs
 * every write of its fields, so those that change with each epoch have none but the one on best_val_loss.
 */
const INDEXES: Readonly<Record<CollectionName, IndexDescription[]>> = {
  experiments: [
    { key: { challenge: 1 } },
    { key: { status: 1 } },
    { key: { start_time: -1 } },
    { key: { tags: 1 } },
    { key: { experiment_name: 1, start_time: -1 } },
    { key: { start_time: -1, _id: -1 } },
    { key: { status: 1, start_time: -1, _id: -1 } },
    { key: { status: 1, _id: 1 } },
    { key: { 'model.name': 1, start_time: -1, _id: -1 } },
    { key: { created_by: 1, start_time: -1, _id: -1 } },
    { key: { parent_experiment_id: 1, start_time: -1, _id: -1 } },
    { key: { 'dataset.releases': 1, start_time: -1, _id: -1 } },
    { key: { 'metrics.best_val_loss': 1, _id: 1 } },
    { key: { end_time: -1, _id: -1 } },
    { key: { experiment_name: 1, _id: 1 } },
  ],
  epochs: [{ key: { experiment_id: 1, epoch: 1 }, unique: true }, { key: { timestamp: -1 } }],
  checkpoints: [
    { key: { experiment_id: 1 } },
    { key: { is_best: 1 } },
    { key: { experiment_id: 1, epoch: -1 } },
    {
      key: { experiment_id: 1, is_best: 1 },
      name: 'one_best_per_experiment',
      unique: true,
      partialFilterExpression: { is_best: true },
    },
  ],
  subjects: [
    { key: { subject_id: 1 }, unique: true },
    { key: { releases: 1, subject_id: 1 } },
    { key: { age: 1 } },
    { key: { age: 1, _id: 1 } },
    { key: { 'splits.challenge1_split': 1 } },
    { key: { 'splits.challenge2_split': 1 } },
  ],
};

/** Makes the collections and indexes that are missing. Throws a StartupError where stored documents break a unique one. */
export async function ensureIndexes(collections: Collections): Promise<void> {
  await Promise.all(
    COLLECTION_NAMES.map(async (name) => {
      try {
        await collections[name].createIndexes(INDEXES[name]);
      } catch (error) {
        if (!(error instanceof MongoServerError) || ![11000, 85, 86].includes(Number(error.code))) throw error;
        throw new StartupError(
          `The collection ${name} can't have the indexes that Epochgraph needs: ${error.message}. ` +
            (error.code === 11000
              ? 'Remove or repair the documents that share this key, then start again.'
              : 'Drop the index of the same name or keys, then start again.'),
        );
      }
    }),
  );
}
