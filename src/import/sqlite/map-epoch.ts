import type { EpochInput } from '../../../types/inputs/EpochInput';
import type { RowReader } from './row-reader';
import { TABLES } from './tables';

const METRICS = ['train_loss', 'val_loss', 'learning_rate'];
const KNOWN: ReadonlySet<string> = new Set(TABLES.epoch_history);

/** An epoch as a row of `epoch_history` tells it; columns that are not known are metrics. */
export function mapEpoch(reader: RowReader): EpochInput {
  const epoch = reader.integer('epoch')!;
  reader.integer('run_id');
  const metrics = new Map<string, number>();
  for (const name of METRICS) set(metrics, name, reader.number(name));
  for (const name of reader.columnsBeside(KNOWN)) set(metrics, name, reader.number(name));
  const duration = quantity(reader, 'duration_seconds');
  const timestamp = reader.time('timestamp');
  return {
    epoch,
    metrics,
    ...(duration === undefined ? {} : { timing: { durationSeconds: duration } }),
    ...(timestamp ? { timestamp } : {}),
  };
}

/** A number of 0 or more; any other is left out. */
export function quantity(reader: RowReader, column: string): number | undefined {
  const value = reader.number(column);
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return value;
  reader.repair(`${column}: a value below zero or without end was left out`, `${column}: ${value} was left out`);
  return undefined;
}

function set(metrics: Map<string, number>, name: string, value: number | undefined): void {
  if (value !== undefined) metrics.set(name, value);
}
