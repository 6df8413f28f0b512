import type { RowOutcome } from '../../stores/run-imports';
import type { NumberedRow } from './legacy-file';
import { quantity } from './map-epoch';
import { releasesOf, type ExperimentInput } from './map-run';
import { RowReader } from './row-reader';
import type { Tally } from './tally';
import type { TimeZone } from './time-zone';

interface CacheFile {
  numbered: NumberedRow;
  reader: RowReader;
  challenge: number | undefined;
  release: string | undefined;
  path: string;
  details: Record<string, unknown>;
  /** What became of the runs that it was put into. */
  outcomes: Set<RowOutcome>;
}

/** The rows of `cache_files`, which become part of the dataset of each run of the same challenge and release. */
export class CacheFiles {
  private readonly files: CacheFile[] = [];

  /** Reads all rows; those without a path are refused at once. */
  constructor(rows: Iterable<NumberedRow>, zone: TimeZone, tally: Tally) {
    for (const numbered of rows) {
      const reader = new RowReader(numbered.row, zone);
      const file = read(numbered, reader);
      if (file) this.files.push(file);
      else {
        const reason = { kind: 'file_path: missing', detail: 'file_path: missing' };
        tally.add('cache_files', numbered.number, numbered.row, 'refused', { repairs: reader.repairs, reason });
      }
    }
  }

  /** The run with the files of its challenge and releases in its dataset, and what to call with the run's outcome. */
  addTo(input: ExperimentInput): { input: ExperimentInput; settle: (outcome: RowOutcome) => void } {
    const releases = releasesOf(input.config ?? {});
    const shared = this.files.filter(
      ({ challenge, release }) =>
        challenge !== undefined && challenge === input.challenge && release !== undefined && releases.includes(release),
    );
    if (shared.length === 0) return { input, settle: () => undefined };
    const dataset = {
      ...input.dataset,
      cache_files: shared.map(({ path }) => path),
      cache_file_details: shared.map(({ details }) => details),
    };
    return {
      input: { ...input, dataset },
      settle: (outcome) => {
        for (const file of shared) file.outcomes.add(outcome);
      },
    };
  }

  /** Counts the rows, when all runs are settled: one that no run shares is refused. */
  finish(tally: Tally): void {
    for (const { numbered, reader, challenge, release, outcomes } of this.files) {
      const outcome = (['created', 'updated', 'kept', 'unchanged'] as const).find((name) => outcomes.has(name));
      const reason = outcome
        ? undefined
        : {
            kind: 'no run names its challenge and release',
            detail: `no run of challenge ${challenge ?? 'none'} names release ${release ?? 'none'} in its config`,
          };
      tally.add('cache_files', numbered.number, numbered.row, outcome ?? 'refused', {
        repairs: reader.repairs,
        reason,
      });
    }
  }
}

function read(numbered: NumberedRow, reader: RowReader): CacheFile | undefined {
  const path = reader.text('file_path');
  const challenge = reader.integer('challenge');
  const release = reader.text('release')?.trim();
  const created = reader.time('created_at');
  const details = {
    path,
    release,
    size_mb: quantity(reader, 'file_size_mb'),
    n_windows: reader.integer('n_windows'),
    n_channels: reader.integer('n_channels'),
    n_times: reader.integer('n_times'),
    created_at: created?.toISOString(),
    checksum: reader.text('checksum'),
  };
  if (path === undefined) return undefined;
  const told = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return { numbered, reader, challenge, release, path, details: told, outcomes: new Set() };
}
