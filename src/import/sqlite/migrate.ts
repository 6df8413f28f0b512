import type { Stores } from '../../stores';
import { IMPORT_BATCH, RunImports, type PartOutcome, type RowOutcome, type RunPart } from '../../stores/run-imports';
import { MAX_SUBJECTS, type UpsertResult } from '../../stores/subjects';
import type { SubjectInput } from '../../../types/inputs/SubjectInput';
import type { Subject } from '../../../types/Subject';
import { CacheFiles } from './cache-files';
import type { LegacyFile, NumberedRow } from './legacy-file';
import type { RunOptions } from './map-run';
import { additionToStored, mapSubject, mergeRows } from './map-subject';
import { RowReader } from './row-reader';
import { RunUnits, type RunUnit } from './run-units';
import type { Repair, Tally } from './tally';
import type { TimeZone } from './time-zone';

export interface MigrationOptions extends RunOptions {
  /** Of times that name none. */
  zone: TimeZone;
}

/** Where a migration goes to. */
export interface Target {
  runs: (parts: RunPart[]) => Promise<PartOutcome[]>;
  subjects: (inputs: SubjectInput[]) => Promise<UpsertResult[]>;
  storedSubjects: (subjectIds: string[]) => Promise<Subject[]>;
}

/** A target that stores everything or, with `isDryRun`, says what storing it would do. */
export function databaseTarget(stores: Stores, isDryRun: boolean): Target {
  const imports = new RunImports(stores.database);
  const { subjects } = stores;
  return {
    runs: (parts) => (isDryRun ? imports.look(parts) : imports.write(parts)),
    subjects: (inputs) => (isDryRun ? subjects.look(inputs) : subjects.upsert(inputs)),
    storedSubjects: (ids) => subjects.bySubjectIds(ids),
  };
}

/** A target that knows of nothing stored, and stores nothing: what it would take, it says it has created. */
export const EMPTY_TARGET: Target = {
  runs: async (parts) =>
    parts.map((part) => ({
      experiment: 'created',
      epochs: part.epochs.map(() => 'created'),
      checkpoints: part.checkpoints.map(() => 'created'),
    })),
  subjects: async (inputs) => inputs.map(() => 'created'),
  storedSubjects: async () => [],
};

/** Batches of runs that are written at a time. */
const AT_A_TIME = 3;

/** Reads every row of a legacy file into the target, and counts what became of each. `onRows` is told of rows read. */
export async function migrate(
  file: LegacyFile,
  options: MigrationOptions,
  target: Target,
  tally: Tally,
  onRows: (rows: number) => void = () => undefined,
): Promise<void> {
  const cacheFiles = new CacheFiles(file.rows('cache_files'), options.zone, tally);
  await migrateRuns(new RunUnits(file, options, cacheFiles, tally).all(), target, onRows);
  cacheFiles.finish(tally);
  await migrateSubjects(file, options, target, tally, onRows);
}

async function migrateRuns(units: Iterable<RunUnit>, target: Target, onRows: (rows: number) => void): Promise<void> {
  const open = new Set<Promise<void>>();
  let batch: RunUnit[] = [];
  let size = 0;
  let failure: { error: unknown } | undefined;
  const drain = async (): Promise<void> => {
    await Promise.all(open);
    if (failure) throw failure.error;
  };
  const write = async (): Promise<void> => {
    const units = batch;
    const rows = size;
    [batch, size] = [[], 0];
    if (units.length === 0) return;
    while (open.size >= AT_A_TIME) await Promise.race(open);
    if (failure) throw failure.error;
    const work = target
      .runs(units.map(({ part }) => part))
      .then((outcomes) => {
        units.forEach(({ settle }, index) => settle(outcomes[index]!));
        onRows(rows);
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => open.delete(work));
    open.add(work);
  };
  for (const unit of units) {
    const { part } = unit;
    const isPartial = !part.isFirst || !part.isLast;
    // The parts of a long run are written one after another.
    if (isPartial) {
      await write();
      await drain();
    }
    batch.push(unit);
    size += 1 + part.epochs.length + part.checkpoints.length;
    if (isPartial || size >= IMPORT_BATCH) await write();
  }
  await write();
  await drain();
}

interface SubjectRow extends NumberedRow {
  repairs: Repair[];
}

async function migrateSubjects(
  file: LegacyFile,
  { zone }: MigrationOptions,
  target: Target,
  tally: Tally,
  onRows: (rows: number) => void,
): Promise<void> {
  const merged = new Map<string, { input: SubjectInput; rows: SubjectRow[] }>();
  for (const { number, row } of file.rows('subjects')) {
    const reader = new RowReader(row, zone);
    const input = mapSubject(reader);
    if (!input) {
      const reason = { kind: 'subject_id: missing', detail: 'subject_id: missing' };
      tally.add('subjects', number, row, 'refused', { repairs: reader.repairs, reason });
      continue;
    }
    const earlier = merged.get(input.subjectId);
    if (earlier) reader.repair('several rows of one subject, made one');
    merged.set(input.subjectId, {
      input: earlier ? mergeRows(earlier.input, input) : input,
      rows: [...(earlier?.rows ?? []), { number, row, repairs: reader.repairs }],
    });
  }
  const subjects = [...merged.values()];
  for (let start = 0; start < subjects.length; start += MAX_SUBJECTS) {
    const batch = subjects.slice(start, start + MAX_SUBJECTS);
    const stored = await target.storedSubjects(batch.map(({ input }) => input.subjectId));
    const known = new Map(stored.map((subject) => [subject.subject_id, subject]));
    const results = await target.subjects(
      batch.map(({ input }) => additionToStored(known.get(input.subjectId), input)),
    );
    batch.forEach(({ rows }, index) => {
      const result = results[index]!;
      const outcome: RowOutcome | 'refused' = typeof result === 'string' ? result : 'refused';
      const reason =
        typeof result === 'string' ? undefined : { kind: 'a value that can not be stored', detail: result.message };
      for (const { number, row, repairs } of rows) tally.add('subjects', number, row, outcome, { repairs, reason });
    });
    onRows(batch.reduce((sum, { rows }) => sum + rows.length, 0));
  }
}
