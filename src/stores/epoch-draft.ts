import type { Document } from 'mongodb';
import type { EpochConflict } from '../../types/enums/EpochConflict';
import type { EpochInput } from '../../types/inputs/EpochInput';
import { assertFits, toIntegerFrom, toMetrics, toQuantity } from './values';

/** A checked epoch, ready to be stored. */
export interface EpochDraft {
  epoch: number;
  content: { metrics: Document; timing?: Document; memory?: Document };
  timestamp: Date | null;
  onConflict: EpochConflict;
}

/** Only the fields that have a value; undefined where none has. */
function present(fields: Document): Document | undefined {
  let found: Document | undefined;
  for (const name in fields) {
    const value: unknown = fields[name];
    if (value != null) (found ??= {})[name] = value;
  }
  return found;
}

/** The epoch that an input stands for, checked; throws BAD_USER_INPUT or LIMIT_EXCEEDED. */
export function toEpochDraft(input: EpochInput, onConflict: EpochConflict, path: string): EpochDraft {
  const timing =
    input.timing &&
    present({
      duration_seconds: toQuantity(input.timing.durationSeconds, `${path}.timing.durationSeconds`),
      samples_per_second: toQuantity(input.timing.samplesPerSecond, `${path}.timing.samplesPerSecond`),
      epoch_start: input.timing.epochStart,
      epoch_end: input.timing.epochEnd,
    });
  const memory =
    input.memory &&
    present({
      gpu_allocated_mb: toQuantity(input.memory.gpuAllocatedMb, `${path}.memory.gpuAllocatedMb`),
      gpu_cached_mb: toQuantity(input.memory.gpuCachedMb, `${path}.memory.gpuCachedMb`),
      cpu_rss_mb: toQuantity(input.memory.cpuRssMb, `${path}.memory.cpuRssMb`),
    });
  const content = {
    metrics: toMetrics(input.metrics, `${path}.metrics`),
    ...(timing ? { timing } : {}),
    ...(memory ? { memory } : {}),
  };
  assertFits(content, path);
  return {
    epoch: toIntegerFrom(0, input.epoch, `${path}.epoch`),
    content,
    timestamp: input.timestamp ?? null,
    onConflict,
  };
}
