import type { SaveCheckpointInput } from '../../../types/inputs/SaveCheckpointInput';
import { derivedId } from '../derived-ids';
import { quantity } from './map-epoch';
import type { RowReader } from './row-reader';
import { TABLES } from './tables';

const KNOWN: ReadonlySet<string> = new Set(TABLES.model_checkpoints);

export type CheckpointInput = SaveCheckpointInput & { id: string };

/** A checkpoint as a row tells it, undefined where it names no file; columns that are not known are metrics. */
export function mapCheckpoint(reader: RowReader, experimentId: string): CheckpointInput | undefined {
  const path = reader.text('file_path');
  if (path === undefined) return undefined;
  const epoch = reader.integer('epoch')!;
  reader.integer('run_id');
  const metrics = new Map<string, number>();
  for (const name of ['val_loss', ...reader.columnsBeside(KNOWN)]) {
    const value = reader.number(name);
    if (value !== undefined) metrics.set(name, value);
  }
  const sizeMb = quantity(reader, 'file_size_mb');
  const timestamp = reader.time('timestamp');
  return {
    id: derivedId(['checkpoint', experimentId, epoch, path], parseInt(experimentId.slice(0, 8), 16) * 1000),
    experimentId,
    epoch,
    isBest: reader.boolean('is_best') ?? false,
    metrics,
    file: { path, ...(sizeMb === undefined ? {} : { sizeMb }) },
    ...(timestamp ? { timestamp } : {}),
  };
}

/**
 * The one best of a run's checkpoints: of those marked so, the one with the lowest val_loss (NaN and none never win
 * against a number), at equal losses the earlier epoch. Undefined where none is marked.
 */
export function bestOf(checkpoints: readonly CheckpointInput[]): CheckpointInput | undefined {
  const loss = ({ metrics }: CheckpointInput) => {
    const value = metrics?.get('val_loss');
    return value === undefined || Number.isNaN(value) ? Infinity : value;
  };
  return checkpoints
    .filter(({ isBest }) => isBest)
    .reduce<CheckpointInput | undefined>(
      (best, other) =>
        !best || loss(other) < loss(best) || (loss(other) === loss(best) && other.epoch < best.epoch) ? other : best,
      undefined,
    );
}
