import { ExperimentStatus } from '../../../types/enums/ExperimentStatus';
import type { CreateExperimentInput } from '../../../types/inputs/CreateExperimentInput';
import { NO_PROGRESS, type Progress } from '../../stores/run-imports';
import { readConfig } from './config-text';
import { derivedId } from '../derived-ids';
import type { NumberedRow } from './legacy-file';
import type { Cell, Row, RowReader } from './row-reader';
import { TimeZone } from './time-zone';
import { RowReader as Reader } from './row-reader';
import { TABLES } from './tables';

const STATUS: ReadonlyMap<string, ExperimentStatus> = new Map([
  ['completed', ExperimentStatus.COMPLETED],
  ['complete', ExperimentStatus.COMPLETED],
  ['finished', ExperimentStatus.COMPLETED],
  ['done', ExperimentStatus.COMPLETED],
  ['success', ExperimentStatus.COMPLETED],
  ['failed', ExperimentStatus.FAILED],
  ['failure', ExperimentStatus.FAILED],
  ['error', ExperimentStatus.FAILED],
  ['crashed', ExperimentStatus.FAILED],
  ['stopped', ExperimentStatus.STOPPED],
  ['interrupted', ExperimentStatus.STOPPED],
  ['cancelled', ExperimentStatus.STOPPED],
  ['canceled', ExperimentStatus.STOPPED],
  ['killed', ExperimentStatus.STOPPED],
  ['running', ExperimentStatus.RUNNING],
]);

const KNOWN: ReadonlySet<string> = new Set(TABLES.training_runs);
const OWN_METRICS = ['best_val_loss', 'best_epoch', 'total_epochs'] as const;

export type ExperimentInput = CreateExperimentInput & { id: string };

/** What the epochs and checkpoints of a run say about it. */
export interface Children {
  progress: Progress;
  /** Times of its epochs and checkpoints; undefined where none has one. */
  firstTime: Date | undefined;
  lastTime: Date | undefined;
  durationSeconds: number;
}

export const NO_CHILDREN: Children = {
  progress: NO_PROGRESS,
  firstTime: undefined,
  lastTime: undefined,
  durationSeconds: 0,
};

/** Choices of whoever migrates. */
export interface RunOptions {
  createdBy: string | undefined;
  /** Leave runs RUNNING that the file says are. */
  keepRunning: boolean;
}

/**
 * A run's id, from what never changes of its row: its number, challenge, model and start as they are written. So a copy
 * of the file, or the same file later, gives the same ids, and another laboratory's file gives others.
 */
export function runId({ row }: NumberedRow): string {
  const identity = ['run_id', 'challenge', 'model_name', 'start_time'].map((column) => plain(row[column]));
  // The zone is no part of the id: it may be given otherwise the next time.
  const start = new Reader({ start: row.start_time }, UTC).time('start');
  return derivedId(['run', ...identity], start?.getTime());
}

/** The id of the run made for epochs and checkpoints whose own the file lacks; `first` is the first row of them. */
export function orphanRunId(run: number, first: Row): string {
  const start = new Reader({ start: first.timestamp }, UTC).time('start');
  return derivedId(['orphans', run, plain(first.timestamp)], start?.getTime());
}

const UTC = new TimeZone('UTC');

function plain(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex');
  return typeof cell === 'bigint' ? String(cell) : (cell ?? null);
}

/** A run as its row and its epochs and checkpoints tell it. */
export function mapRun(
  reader: RowReader,
  id: string,
  run: number,
  children: Children,
  { createdBy, keepRunning }: RunOptions,
): ExperimentInput {
  const { row } = reader;
  const { progress } = children;
  const config = configOf(reader);
  const challenge = reader.integer('challenge');
  const isChallenge = challenge === undefined || Math.abs(challenge) < 2 ** 31;
  if (!isChallenge) reader.repair('challenge: too large, left out', `challenge: ${challenge} was left out`);
  const model = reader.text('model_name');
  let start = reader.time('start_time');
  if (!start) {
    start = children.firstTime;
    reader.repair(
      'start_time: missing',
      start
        ? `start_time: missing; the first time of an epoch or checkpoint, ${start.toISOString()}, takes its place`
        : 'start_time: missing, and no epoch or checkpoint has a time',
    );
  }
  let end = reader.time('end_time');
  if (start && end && end < start) {
    reader.repair(
      'end_time: before the start, left out',
      `end_time: ${end.toISOString()} is before the start; left out`,
    );
    end = undefined;
  }
  const metrics = ownMetrics(reader, progress);
  const totalEpochs = metrics.get('total_epochs') ?? metrics.get('legacy_total_epochs');
  const planned = typeof config.max_epochs === 'number' ? config.max_epochs : totalEpochs;
  const status = statusOf(reader, { end, planned, reached: progress.latest_epoch + 1, keepRunning });
  const lastTime = latest(start, children.lastTime);
  if (status === ExperimentStatus.RUNNING && end) {
    reader.repair('end_time: of a running run, left out');
    end = undefined;
  } else if (status !== ExperimentStatus.RUNNING && !end && lastTime) {
    end = lastTime;
    reader.repair('end_time: missing, the last sign of life taken', `end_time: missing; ${end.toISOString()} taken`);
  }
  const hours =
    children.durationSeconds > 0
      ? children.durationSeconds / 3600
      : start && end && (end.getTime() - start.getTime()) / 3_600_000;
  if (status !== ExperimentStatus.RUNNING && hours !== undefined) metrics.set('training_time_hours', hours);
  const extra = Object.fromEntries(
    reader
      .columnsBeside(KNOWN)
      .filter((column) => row[column] != null)
      .map((column) => [column, jsonOf(row[column])]),
  );
  const releases = releasesOf(config);
  return {
    id,
    name: `migrated_${run}`,
    ...(isChallenge && challenge !== undefined ? { challenge } : {}),
    status,
    ...(model === undefined ? {} : { model: { name: model } }),
    config: Object.keys(extra).length > 0 ? { ...config, legacy_columns: extra } : config,
    ...(releases.length > 0 ? { dataset: { releases } } : {}),
    metrics,
    ...(start ? { startTime: start } : {}),
    ...(end ? { endTime: end } : {}),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...optional('note', reader.text('notes')),
    legacyId: String(run),
  };
}

/** A run made for epochs and checkpoints whose own the file lacks. */
export function mapOrphanRun(id: string, run: number, children: Children, { createdBy }: RunOptions): ExperimentInput {
  const { firstTime, lastTime, durationSeconds } = children;
  return {
    id,
    name: `migrated_${run}`,
    status: ExperimentStatus.STOPPED,
    config: {},
    metrics: durationSeconds > 0 ? new Map([['training_time_hours', durationSeconds / 3600]]) : new Map(),
    ...(firstTime ? { startTime: firstTime } : {}),
    ...(lastTime ? { endTime: lastTime } : {}),
    ...(createdBy === undefined ? {} : { createdBy }),
    tags: ['recovered'],
    note: `The migrated file has epochs or checkpoints of run ${run}, but not the run itself.`,
    legacyId: String(run),
  };
}

/** Releases that a configuration names, as a list or in one text. */
export function releasesOf(config: Record<string, unknown>): string[] {
  const nested = config.dataset as Record<string, unknown> | null | undefined;
  for (const value of [config.releases, config.release, config.train_releases, nested?.releases, nested?.release]) {
    const list = typeof value === 'string' ? splitReleases(value) : value;
    if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string' && item !== '')) {
      return [...new Set(list as string[])];
    }
  }
  return [];
}

/** The releases in one text, such as `R1, R2`. */
export function splitReleases(text: string): string[] {
  return text
    .split(/[\s,;|]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function configOf(reader: RowReader): Record<string, unknown> {
  const text = reader.text('config');
  if (text === undefined || text.trim() === '') return {};
  const { config, repairs } = readConfig(text);
  for (const repair of repairs) reader.repair(repair);
  return config;
}

/**
 * The metrics of the row. Those that follow the epochs are the epochs' where there are any; where the row says otherwise,
 * its own value is kept under `legacy_` and the name.
 */
function ownMetrics(reader: RowReader, progress: Progress): Map<string, number> {
  const metrics = new Map<string, number>();
  const followed = {
    best_val_loss: progress.best_val_loss,
    best_epoch: progress.best_epoch,
    total_epochs: progress.epochs,
  };
  for (const name of OWN_METRICS) {
    const value = name === 'best_val_loss' ? reader.number(name) : reader.integer(name);
    if (value === undefined) continue;
    const fromEpochs = progress.epochs === 0 ? undefined : followed[name];
    if (fromEpochs === undefined) metrics.set(name, value);
    else if (!Object.is(fromEpochs, value)) {
      metrics.set(`legacy_${name}`, value);
      reader.repair(
        `${name}: other than the epochs say, kept as legacy_${name}`,
        `${name}: ${value}, but the epochs say ${fromEpochs}; kept as legacy_${name}`,
      );
    }
  }
  return metrics;
}

function statusOf(
  reader: RowReader,
  facts: { end: Date | undefined; planned: number | undefined; reached: number; keepRunning: boolean },
): ExperimentStatus {
  const written = reader.text('status');
  const status = STATUS.get(written?.trim().toLowerCase() ?? '');
  if (status !== undefined && status !== ExperimentStatus.RUNNING) {
    const word = written!.trim();
    if (word !== String(status))
      reader.repair('status: another word for one that is known', `status: ${word} became ${status}`);
    return status;
  }
  if (status === ExperimentStatus.RUNNING && facts.keepRunning) return status;
  const isDone =
    facts.end !== undefined || (facts.planned !== undefined && facts.planned > 0 && facts.reached >= facts.planned);
  const became = isDone ? ExperimentStatus.COMPLETED : ExperimentStatus.STOPPED;
  const why = facts.end
    ? 'it has an end'
    : isDone
      ? 'all of its epochs are there'
      : 'nothing says that it was completed';
  const what = status ?? (written === undefined ? 'missing' : `unknown (${written})`);
  reader.repair(
    `status: ${status ?? (written === undefined ? 'missing' : 'unknown')}, became ${became}`,
    `status: ${what}, became ${became}: ${why}`,
  );
  return became;
}

function latest(...times: (Date | undefined)[]): Date | undefined {
  return times.reduce((last, time) => (time && (!last || time > last) ? time : last), undefined);
}

function optional<K extends string>(name: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: string });
}

function jsonOf(cell: Cell): unknown {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : String(cell);
  return plain(cell);
}
