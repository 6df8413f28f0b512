import type { Document } from 'mongodb';
import { ApiError } from '../../errors';
import {
  IMPORT_BATCH,
  importedCheckpoint,
  importedEpoch,
  importedExperiment,
  progressAfter,
  type PartOutcome,
  type RowOutcome,
  type RunPart,
} from '../../stores/run-imports';
import { toObjectId } from '../../stores/values';
import type { CacheFiles } from './cache-files';
import { epochIdsOf } from '../derived-ids';
import type { LegacyFile, NumberedRow } from './legacy-file';
import type { TableName } from './tables';
import { bestOf, mapCheckpoint, type CheckpointInput } from './map-checkpoint';
import { mapEpoch } from './map-epoch';
import { mapOrphanRun, mapRun, NO_CHILDREN, orphanRunId, runId, type Children, type RunOptions } from './map-run';
import { RowReader, type Row } from './row-reader';
import type { Repair, Tally } from './tally';
import type { TimeZone } from './time-zone';

/** A part of a run, and what to call with its outcome. */
export interface RunUnit {
  part: RunPart;
  settle: (outcome: PartOutcome) => void;
}

interface Mapped<T> extends NumberedRow {
  repairs: Repair[];
  mapped: T;
}

/** The document of a run, and what to call with its outcome. */
interface MadeExperiment {
  experiment: RunPart['experiment'];
  settle: (outcome: RowOutcome) => void;
}

const KEPT: Repair = {
  kind: 'other content is stored under its key, and stays',
  detail: 'other content is stored under its key, and stays',
};
const ORPHAN: Repair = {
  kind: 'its run is not in training_runs: kept under one made for it',
  detail: 'its run is not in training_runs: kept under one made for it',
};

/** The runs of a file with their epochs and checkpoints, mapped and counted, as parts that can be written. */
export class RunUnits {
  constructor(
    private readonly file: LegacyFile,
    private readonly options: RunOptions & { zone: TimeZone },
    private readonly cacheFiles: CacheFiles,
    private readonly tally: Tally,
  ) {}

  /** First the runs in the order of their ids, then those made for epochs and checkpoints without one. */
  *all(): Generator<RunUnit> {
    let last: number | undefined;
    for (const numbered of this.file.rows('training_runs')) {
      const run = new RowReader(numbered.row, this.options.zone).integer('run_id');
      if (run === undefined || run === last) {
        const reason =
          run === undefined ? 'run_id: missing or no integer' : 'run_id: another row with this number was taken';
        this.tally.add('training_runs', numbered.number, numbered.row, 'refused', {
          reason: { kind: reason, detail: run === undefined ? reason : `${reason} (${run})` },
        });
        continue;
      }
      last = run;
      yield* this.unitsOf(run, numbered);
    }
    for (const run of this.file.orphanRuns()) yield* this.unitsOf(run, undefined);
    for (const table of ['epoch_history', 'model_checkpoints'] as const) {
      const reason = 'run_id or epoch: missing or no integer that can be one';
      for (const { number, row } of this.file.unplacedRows(table)) {
        this.tally.add(table, number, row, 'refused', { reason: { kind: reason, detail: reason } });
      }
    }
  }

  private *unitsOf(run: number, numbered: NumberedRow | undefined): Generator<RunUnit> {
    const id = numbered ? runId(numbered) : orphanRunId(run, this.firstRowOf(run)!);
    const scan = this.epochs(run, id, this.tally);
    let rows = chunkOf(scan);
    let next = rows.length < IMPORT_BATCH ? [] : chunkOf(scan);
    const checkpoints = this.checkpoints(run, id);
    const children: Children = { ...NO_CHILDREN };
    // A long run's metrics are needed before its last epoch is reached: they are read ahead.
    const ahead = next.length === 0 ? rows : this.epochs(run, id, undefined);
    for (const { mapped } of ahead) noteEpoch(children, mapped);
    for (const { mapped } of checkpoints) noteTime(children, mapped.timestamp ?? undefined);

    const reader = new RowReader(numbered?.row ?? {}, this.options.zone);
    let made;
    try {
      made = this.experiment(run, id, numbered, reader, children);
    } catch (error) {
      if (!(error instanceof ApiError) || !numbered) throw error;
      this.refuseRun(run, numbered, reader, error, [rows, next, scan], checkpoints);
      return;
    }
    for (let isFirst = true; ; isFirst = false) {
      yield this.unitOf(made, numbered, reader.repairs, rows, isFirst ? checkpoints : [], isFirst, next.length === 0);
      if (next.length === 0) return;
      rows = next;
      next = chunkOf(scan);
    }
  }

  private unitOf(
    { experiment, settle }: MadeExperiment,
    numbered: NumberedRow | undefined,
    repairs: readonly Repair[],
    epochs: readonly Mapped<Document>[],
    checkpoints: readonly Mapped<CheckpointInput>[],
    isFirst: boolean,
    isLast: boolean,
  ): RunUnit {
    const extra = numbered ? [] : [ORPHAN];
    return {
      part: {
        experiment,
        epochs: epochs.map(({ mapped }) => mapped) as RunPart['epochs'],
        checkpoints: checkpoints.map(({ mapped }) => importedCheckpoint(mapped)),
        isFirst,
        isLast,
      },
      settle: (outcome) => {
        if (isFirst) settle(outcome.experiment);
        if (isFirst && numbered) this.add('training_runs', numbered, outcome.experiment, repairs);
        else if (isFirst) this.tally.madeRuns[outcome.experiment]++;
        epochs.forEach((row, index) =>
          this.add('epoch_history', row, outcome.epochs[index]!, withMore(row.repairs, extra)),
        );
        checkpoints.forEach((row, index) =>
          this.add('model_checkpoints', row, outcome.checkpoints[index]!, withMore(row.repairs, extra)),
        );
      },
    };
  }

  private experiment(
    run: number,
    id: string,
    numbered: NumberedRow | undefined,
    reader: RowReader,
    children: Children,
  ): MadeExperiment {
    const mapped = numbered
      ? mapRun(reader, id, run, children, this.options)
      : mapOrphanRun(id, run, children, this.options);
    const { input, settle } = this.cacheFiles.addTo(mapped);
    if (reader.hasFinerTime) this.tally.finerTimes++;
    const lastSeen = children.lastTime ?? input.endTime ?? input.startTime ?? undefined;
    return { experiment: importedExperiment(input, children.progress, lastSeen), settle };
  }

  /** A run that can't be stored takes its epochs and checkpoints with it. */
  private refuseRun(
    run: number,
    numbered: NumberedRow,
    reader: RowReader,
    { message }: ApiError,
    epochs: readonly Iterable<NumberedRow>[],
    checkpoints: readonly NumberedRow[],
  ): void {
    const reason = { kind: 'a value that can not be stored', detail: message };
    this.tally.add('training_runs', numbered.number, numbered.row, 'refused', { repairs: reader.repairs, reason });
    const child = { kind: 'its run was refused', detail: `its run ${run} was refused` };
    for (const rows of epochs) {
      for (const { number, row } of rows) this.tally.add('epoch_history', number, row, 'refused', { reason: child });
    }
    for (const { number, row } of checkpoints) {
      this.tally.add('model_checkpoints', number, row, 'refused', { reason: child });
    }
  }

  private add(table: TableName, { number, row }: NumberedRow, outcome: RowOutcome, repairs: readonly Repair[]): void {
    this.tally.add(table, number, row, outcome, { repairs, reason: outcome === 'kept' ? KEPT : undefined });
  }

  /** The epochs of a run, each number once. With `tally`, the rows that are left out are counted. */
  private *epochs(run: number, id: string, tally: Tally | undefined): Generator<Mapped<Document>, void, undefined> {
    const idOf = epochIdsOf(id);
    const experimentId = toObjectId(id, 'run');
    let pending: Mapped<Document> | undefined;
    for (const { number, row } of this.file.rowsOfRun('epoch_history', run)) {
      const reader = new RowReader(row, this.options.zone);
      let mapped: Document;
      try {
        const input = mapEpoch(reader);
        mapped = importedEpoch(idOf(input.epoch), experimentId, input);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const reason = { kind: 'a value that can not be stored', detail: error.message };
        tally?.add('epoch_history', number, row, 'refused', { repairs: reader.repairs, reason });
        continue;
      }
      if (tally && reader.hasFinerTime) tally.finerTimes++;
      if (pending && pending.mapped.epoch !== mapped.epoch) yield pending;
      else if (pending) refuseOlder(tally, 'epoch_history', pending, number);
      pending = { number, row, repairs: reader.repairs, mapped };
    }
    if (pending) yield pending;
  }

  /** The checkpoints of a run, each epoch and path once, at most one of them the best. */
  private checkpoints(run: number, id: string): Mapped<CheckpointInput>[] {
    const byPlace = new Map<string, Mapped<CheckpointInput>>();
    for (const { number, row } of this.file.rowsOfRun('model_checkpoints', run)) {
      const reader = new RowReader(row, this.options.zone);
      const refuse = (kind: string, detail = kind) =>
        this.tally.add('model_checkpoints', number, row, 'refused', {
          repairs: reader.repairs,
          reason: { kind, detail },
        });
      const mapped = mapCheckpoint(reader, id);
      if (!mapped) {
        refuse('file_path: missing');
        continue;
      }
      try {
        importedCheckpoint(mapped);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refuse('a value that can not be stored', error.message);
        continue;
      }
      if (reader.hasFinerTime) this.tally.finerTimes++;
      const older = byPlace.get(mapped.id);
      if (older) refuseOlder(this.tally, 'model_checkpoints', older, number);
      byPlace.delete(mapped.id);
      byPlace.set(mapped.id, { number, row, repairs: reader.repairs, mapped });
    }
    const rows = [...byPlace.values()];
    const best = bestOf(rows.map(({ mapped }) => mapped));
    return rows.map((checkpoint) => {
      const { mapped, repairs } = checkpoint;
      if (!mapped.isBest || mapped === best) return checkpoint;
      const repair = {
        kind: 'is_best: several of one run, the lowest val_loss is',
        detail: `is_best: several of one run are; that of epoch ${best!.epoch} is taken`,
      };
      return { ...checkpoint, mapped: { ...mapped, isBest: false }, repairs: [...repairs, repair] };
    });
  }

  private firstRowOf(run: number): Row | undefined {
    for (const table of ['epoch_history', 'model_checkpoints'] as const) {
      for (const { row } of this.file.rowsOfRun(table, run)) return row;
    }
    return undefined;
  }
}

function withMore(repairs: readonly Repair[], more: readonly Repair[]): readonly Repair[] {
  return more.length > 0 ? [...repairs, ...more] : repairs;
}

/** The next rows, as many as one command writes; none at the end. */
function chunkOf<T>(rows: Iterator<T, void>): T[] {
  const chunk: T[] = [];
  while (chunk.length < IMPORT_BATCH) {
    const next = rows.next();
    if (next.done) break;
    chunk.push(next.value);
  }
  return chunk;
}

function refuseOlder(
  tally: Tally | undefined,
  table: TableName,
  { number, row, repairs }: Mapped<unknown>,
  by: number,
): void {
  const reason = { kind: 'a later row has the same key', detail: `row ${by}, which is later, has the same key` };
  tally?.add(table, number, row, 'refused', { repairs, reason });
}

function noteEpoch(children: Children, epoch: Document): void {
  const { timing, timestamp } = epoch as { timing?: { duration_seconds?: { value: number } }; timestamp?: Date };
  noteTime(children, timestamp);
  children.progress = progressAfter(children.progress, epoch);
  children.durationSeconds += timing?.duration_seconds?.value ?? 0;
}

function noteTime(children: Children, time: Date | undefined): void {
  if (!time) return;
  if (!children.firstTime || time < children.firstTime) children.firstTime = time;
  if (!children.lastTime || time > children.lastTime) children.lastTime = time;
}
