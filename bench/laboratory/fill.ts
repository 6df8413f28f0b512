import type { Collection, Document, ObjectId } from 'mongodb';
import type { Collections } from '../../src/stores/collections';
import { makeRun, makeSubject, type Counters } from './documents';
import { Draws } from '../../src/demo/draws';

/** How many documents of each kind. Epochs and checkpoints are spread evenly over the experiments. */
export interface Sizes {
  experiments: number;
  epochs: number;
  checkpoints: number;
  subjects: number;
  /** Experiments on top of these with `LONG_RUN` epochs each and no checkpoints, started before all others. */
  longRuns?: number;
}

export const LONG_RUN = 500;

const BATCH = 5_000;

/** How many of `total` things the place-th of `holders` gets, so that all get the same or one less. */
function shareOf(total: number, holders: number, place: number): number {
  return Math.floor((total * (place + 1)) / holders) - Math.floor((total * place) / holders);
}

/** Collects documents and inserts them in batches of `BATCH`. */
class Batches {
  private waiting: Document[] = [];

  constructor(private readonly collection: Collection<Document>) {}

  async add(documents: readonly Document[]): Promise<void> {
    this.waiting.push(...documents);
    while (this.waiting.length >= BATCH) await this.insert(this.waiting.splice(0, BATCH));
  }

  async end(): Promise<void> {
    if (this.waiting.length > 0) await this.insert(this.waiting.splice(0));
  }

  private async insert(documents: Document[]): Promise<void> {
    await this.collection.insertMany(documents, { ordered: false });
  }
}

/** What was put into the collections, for those who ask for it. */
export interface Laboratory {
  /** Ids of the experiments in the order of their start, the long ones left out. */
  experimentIds: ObjectId[];
  longRunIds: ObjectId[];
}

/**
 * Fills empty collections with a laboratory of these sizes, drawn from a seed: the same sizes and seed give the same
 * documents. They are made and inserted in batches, so the memory it takes does not grow with the sizes.
 */
export async function fillLaboratory(collections: Collections, sizes: Sizes, seed = 1): Promise<Laboratory> {
  const draws = new Draws(seed);
  const counters: Counters = { epochs: 0, checkpoints: 0 };
  const [experiments, epochs, checkpoints, subjects] = (
    ['experiments', 'epochs', 'checkpoints', 'subjects'] as const
  ).map((name) => new Batches(collections[name])) as [Batches, Batches, Batches, Batches];
  const laboratory: Laboratory = { experimentIds: [], longRunIds: [] };
  const longRuns = sizes.longRuns ?? 0;
  const all = longRuns + sizes.experiments;
  for (let number = 0; number < all; number++) {
    const place = number - longRuns;
    const isLong = place < 0;
    const counts = {
      epochs: isLong ? LONG_RUN : shareOf(sizes.epochs, sizes.experiments, place),
      checkpoints: isLong ? 0 : shareOf(sizes.checkpoints, sizes.experiments, place),
    };
    const run = makeRun(draws, { number, of: all }, counts, counters);
    (isLong ? laboratory.longRunIds : laboratory.experimentIds).push(run.experiment._id as ObjectId);
    await epochs.add(run.epochs);
    await checkpoints.add(run.checkpoints);
    await experiments.add([run.experiment]);
  }
  for (let number = 0; number < sizes.subjects; number++) await subjects.add([makeSubject(draws, number)]);
  for (const batches of [experiments, epochs, checkpoints, subjects]) await batches.end();
  return laboratory;
}
