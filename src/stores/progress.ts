import type { Collection, ClientSession, Document, ObjectId } from 'mongodb';
import { Double } from 'mongodb';
import { epochsInParts } from './epoch-parts';

/**
 * An experiment's own metrics, kept true from its epochs. `progress` is a field of the experiment's document that holds
 * what the epochs say, apart from `metrics`, in which a trainer may have written other values: with it, one new epoch is
 * accounted for without reading the others.
 */
export interface Progress {
  epochs: number;
  latest_epoch: number;
  final_train_loss?: number;
  final_val_loss?: number;
  best_epoch?: number;
  best_val_loss?: number;
  /** Counts the removals since the epochs were last looked at, all of them: while it is there, the rest may be wrong. */
  stale?: number;
}

/** An epoch that a write stored, and what was stored there before (undefined: nothing). */
export interface EpochChange {
  before: Document | undefined;
  after: Document;
}

function metric(epoch: Document, name: string): number | undefined {
  const value: unknown = (epoch.metrics as Document | undefined)?.[name];
  if (value instanceof Double) return value.value;
  return typeof value === 'number' ? value : undefined;
}

/** The loss that counts for the best: NaN never does. */
function comparable(epoch: Document): number | undefined {
  const loss = metric(epoch, 'val_loss');
  return loss === undefined || Number.isNaN(loss) ? undefined : loss;
}

/** The fields that the epoch with the highest number decides. */
function latestFields(epoch: Document): Latest {
  const fields: Latest = { latest_epoch: epoch.epoch as number };
  const train = metric(epoch, 'train_loss');
  const val = metric(epoch, 'val_loss');
  if (train !== undefined) fields.final_train_loss = train;
  if (val !== undefined) fields.final_val_loss = val;
  return fields;
}

/**
 * The progress after some epochs were stored, from the progress before. Undefined where that does not follow, so that
 * every epoch must be looked at (`recomputeProgress`): the best one was replaced by a worse one, or some were removed.
 */
export function advanceProgress(before: Progress, changes: readonly EpochChange[]): Progress | undefined {
  if (before.stale !== undefined) return undefined;
  let progress = before;
  for (const change of changes) {
    const number = change.after.epoch as number;
    const loss = comparable(change.after);
    const best = progress.best_val_loss;
    if (number === progress.best_epoch && (loss === undefined || loss > best!)) return undefined;
    const improves =
      loss !== undefined &&
      (best === undefined || loss < best || (loss === best && number <= (progress.best_epoch ?? Infinity)));
    const isLatest = number >= progress.latest_epoch;
    const { best_epoch, best_val_loss } = progress;
    const next: Progress = {
      epochs: progress.epochs + (change.before ? 0 : 1),
      ...(isLatest ? latestFields(change.after) : latestOf(progress)),
    };
    if (improves) [next.best_epoch, next.best_val_loss] = [number, loss];
    else if (best_epoch !== undefined && best_val_loss !== undefined) {
      [next.best_epoch, next.best_val_loss] = [best_epoch, best_val_loss];
    }
    progress = next;
  }
  return progress;
}

type Latest = Pick<Progress, 'latest_epoch' | 'final_train_loss' | 'final_val_loss'>;

function latestOf({ latest_epoch, final_train_loss, final_val_loss }: Progress): Latest {
  const fields: Latest = { latest_epoch };
  if (final_train_loss !== undefined) fields.final_train_loss = final_train_loss;
  if (final_val_loss !== undefined) fields.final_val_loss = final_val_loss;
  return fields;
}

export const NO_PROGRESS: Progress = { epochs: 0, latest_epoch: -1 };

/** The progress that the stored epochs of an experiment amount to, all of them read. */
export async function recomputeProgress(
  epochs: Collection<Document>,
  experimentId: ObjectId,
  session?: ClientSession,
): Promise<Progress> {
  const fields = { 'metrics.train_loss': 1, 'metrics.val_loss': 1 } as const;
  let [count, latest, best]: [number, Document | undefined, Document | undefined] = [0, undefined, undefined];
  for await (const part of epochsInParts(epochs, experimentId, fields, session)) {
    count += part.length;
    latest = part.at(-1);
    for (const epoch of part) {
      const loss = comparable(epoch);
      if (loss !== undefined && (!best || loss < comparable(best)!)) best = epoch;
    }
  }
  if (!latest) return NO_PROGRESS;
  return {
    epochs: count,
    ...latestFields(latest),
    ...(best ? { best_epoch: best.epoch as number, best_val_loss: comparable(best)! } : {}),
  };
}

/** The names of `metrics` that follow the epochs, with the field of `progress` that each one takes its value from. */
const DERIVED = {
  best_val_loss: 'best_val_loss',
  best_epoch: 'best_epoch',
  total_epochs: 'epochs',
  final_train_loss: 'final_train_loss',
  final_val_loss: 'final_val_loss',
} as const satisfies Record<string, keyof Progress>;

/** Metrics by name as doubles, for those that the epochs say anything about. */
export function derivedMetrics(progress: Progress): Record<string, Double> {
  if (progress.epochs === 0) return {};
  return Object.fromEntries(
    Object.entries(DERIVED).flatMap(([name, field]) => {
      const value = progress[field];
      return value === undefined ? [] : [[name, new Double(value)]];
    }),
  );
}

/** The update of an experiment's document from one progress to the next. */
export function progressUpdate(before: Progress | undefined, after: Progress): { $set: Document; $unset: Document } {
  const set: Document = { progress: after };
  const unset: Document = {};
  const metrics = derivedMetrics(after);
  for (const [name, field] of Object.entries(DERIVED)) {
    if (metrics[name]) set[`metrics.${name}`] = metrics[name];
    else if (before?.[field] !== undefined) unset[`metrics.${name}`] = '';
  }
  return { $set: set, $unset: unset };
}

/** The names of an experiment's metrics in which its trainer has said something else than its progress does. */
export function metricsOfTrainer(experiment: Document, progress: Progress | undefined): string[] {
  const derived = progress && derivedMetrics(progress);
  if (!derived) return [];
  const { metrics } = experiment as { metrics?: Document };
  return Object.keys(DERIVED).filter((name) => {
    const shown: unknown = metrics?.[name];
    return shown !== undefined && !Object.is(shown, derived[name]?.value);
  });
}

/** The progress that an experiment's document holds; undefined for one that another program wrote. */
export function storedProgress(experiment: Document): Progress | undefined {
  const progress: unknown = experiment.progress;
  return typeof progress === 'object' && progress !== null && typeof (progress as Progress).epochs === 'number'
    ? (progress as Progress)
    : undefined;
}

/** The progress of an experiment for the transaction that removes some of its epochs, and puts it right only later. */
export function staleProgress(experiment: Document): Partial<Progress> {
  const progress = storedProgress(experiment);
  return { ...progress, stale: (progress?.stale ?? 0) + 1 };
}
