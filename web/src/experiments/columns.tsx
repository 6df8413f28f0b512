import type { ComponentChildren } from 'preact';
import type { ExperimentOrder, RunRowFragment } from '../api/documents';
import { now } from '../clock';
import {
  formatCount,
  formatDuration,
  formatInstant,
  formatLoss,
  formatMetric,
  formatStart,
  formatValue,
  toNumber,
} from '../format';
import { Ago, Status } from '../ui/status';

/** A row of the list. */
export type Run = RunRowFragment;

/** A column of the list. */
export interface Column {
  /** As it stands in the address. */
  key: string;
  title: string;
  /** Width in rem; the name takes what is left. */
  width: number;
  isNumber?: boolean;
  /** How the API sorts by it; absent where it can't. */
  order?: Omit<ExperimentOrder, 'direction'>;
  /** What the API sorts by, of a row: null comes last, as there. */
  sortValue?: (run: Run) => number | string | null;
  cell: (run: Run) => ComponentChildren;
}

const time = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant));
const metric = (value: Parameters<typeof formatMetric>[0]): number | null => {
  if (value === null || value === undefined) return null;
  const number = toNumber(value);
  return Number.isNaN(number) ? null : number;
};

/** Seconds that a run took, or has taken until now. */
export function secondsOf(run: Pick<Run, 'startTime' | 'endTime' | 'metrics' | 'status'>): number | null {
  if (run.endTime) return (Date.parse(run.endTime) - Date.parse(run.startTime)) / 1000;
  if (run.status === 'RUNNING') return (now.value - Date.parse(run.startTime)) / 1000;
  return run.metrics.trainingTimeHours === null ? null : run.metrics.trainingTimeHours * 3600;
}

/** The columns that every list has to choose from; `curve` is drawn by the table itself. */
export const COLUMNS: readonly Column[] = [
  {
    key: 'status',
    title: 'State',
    width: 7.5,
    order: { field: 'STATUS' },
    sortValue: (run) => run.status.toLowerCase(),
    cell: (run) => <Status status={run.status} liveness={run.liveness} />,
  },
  { key: 'curve', title: 'val_loss', width: 8.5, cell: () => null },
  {
    key: 'best_val_loss',
    title: 'Best val_loss',
    width: 7.5,
    isNumber: true,
    order: { field: 'BEST_VAL_LOSS' },
    sortValue: (run) => metric(run.metrics.bestValLoss),
    cell: (run) => <b class="loss">{formatLoss(run.metrics.bestValLoss)}</b>,
  },
  {
    key: 'best_epoch',
    title: 'Best epoch',
    width: 6,
    isNumber: true,
    order: { field: 'BEST_EPOCH' },
    sortValue: (run) => run.metrics.bestEpoch,
    cell: (run) => run.metrics.bestEpoch ?? '',
  },
  {
    key: 'epochs',
    title: 'Epochs',
    width: 6.5,
    isNumber: true,
    order: { field: 'TOTAL_EPOCHS' },
    sortValue: (run) => run.metrics.totalEpochs,
    cell: (run) => <EpochsOf run={run} />,
  },
  {
    key: 'train_loss',
    title: 'Last train_loss',
    width: 7.5,
    isNumber: true,
    order: { metric: 'final_train_loss' },
    sortValue: (run) => metric(run.metrics.finalTrainLoss),
    cell: (run) => formatLoss(run.metrics.finalTrainLoss),
  },
  {
    key: 'val_loss',
    title: 'Last val_loss',
    width: 7.5,
    isNumber: true,
    order: { metric: 'final_val_loss' },
    sortValue: (run) => metric(run.metrics.finalValLoss),
    cell: (run) => formatLoss(run.metrics.finalValLoss),
  },
  {
    key: 'model',
    title: 'Model',
    width: 8.5,
    order: { field: 'MODEL_NAME' },
    sortValue: (run) => run.model?.name ?? null,
    cell: (run) => run.model?.name ?? '',
  },
  {
    key: 'challenge',
    title: 'Challenge',
    width: 5.5,
    isNumber: true,
    order: { field: 'CHALLENGE' },
    sortValue: (run) => run.challenge,
    cell: (run) => run.challenge ?? '',
  },
  {
    key: 'start',
    title: 'Started',
    width: 7.5,
    isNumber: true,
    order: { field: 'START_TIME' },
    sortValue: (run) => time(run.startTime),
    cell: (run) => (
      <time dateTime={run.startTime} title={formatInstant(run.startTime)}>
        {formatStart(run.startTime, now.value)}
      </time>
    ),
  },
  {
    key: 'duration',
    title: 'Took',
    width: 6.5,
    isNumber: true,
    order: { field: 'TRAINING_TIME_HOURS' },
    sortValue: (run) => run.metrics.trainingTimeHours,
    cell: (run) => {
      const seconds = secondsOf(run);
      return seconds === null ? '' : formatDuration(seconds);
    },
  },
  {
    key: 'end',
    title: 'Ended',
    width: 7.5,
    isNumber: true,
    order: { field: 'END_TIME' },
    sortValue: (run) => time(run.endTime),
    cell: (run) => (run.endTime ? formatStart(run.endTime, now.value) : ''),
  },
  {
    key: 'seen',
    title: 'Heard from',
    width: 7,
    isNumber: true,
    order: { field: 'LAST_SEEN_AT' },
    sortValue: (run) => time(run.lastSeenAt),
    cell: (run) => (run.lastSeenAt ? <Ago at={run.lastSeenAt} /> : ''),
  },
  { key: 'by', title: 'Started by', width: 7, cell: (run) => run.createdBy ?? '' },
  { key: 'host', title: 'Machine', width: 7.5, cell: (run) => run.hostname ?? '' },
  { key: 'releases', title: 'Releases', width: 7, cell: (run) => run.dataset?.releases.join(', ') ?? '' },
  {
    key: 'tags',
    title: 'Tags',
    width: 12,
    cell: (run) => (
      <span class="tags">
        {run.tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
      </span>
    ),
  },
  { key: 'note', title: 'Note', width: 12, cell: (run) => run.note ?? '' },
];

export const NAME_COLUMN: Column = {
  key: 'name',
  title: 'Run',
  width: 16,
  order: { field: 'NAME' },
  sortValue: (run) => run.name,
  cell: (run) => run.name,
};

export const DEFAULT_COLUMNS = [
  'status',
  'curve',
  'best_val_loss',
  'epochs',
  'model',
  'challenge',
  'start',
  'duration',
  'tags',
];

/** Epochs logged, of those planned where that is known. */
export function EpochsOf({ run }: { run: Run }) {
  const { totalEpochs } = run.metrics;
  if (totalEpochs === null) return null;
  return (
    <>
      {formatCount(totalEpochs)}
      {run.config.maxEpochs !== null && <span class="quiet"> / {formatCount(run.config.maxEpochs)}</span>}
    </>
  );
}

function valueAt(object: Record<string, unknown>, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      object,
    );
}

function sortable(value: unknown): number | string | null {
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  return typeof value === 'string' ? value : null;
}

/** The column of a key; `config.path` and `metric.name` make one of their own. */
export function columnOf(key: string): Column | undefined {
  if (key === 'name') return NAME_COLUMN;
  if (key.startsWith('config.') && key.length > 7) {
    const path = key.slice(7);
    return {
      key,
      title: path,
      width: 8,
      isNumber: true,
      order: { configPath: path },
      sortValue: (run) => sortable(valueAt(run.config.all, path)),
      cell: (run) => formatValue(valueAt(run.config.all, path)),
    };
  }
  if (key.startsWith('metric.') && key.length > 7) {
    const name = key.slice(7);
    return {
      key,
      title: name,
      width: 8,
      isNumber: true,
      order: { metric: name },
      sortValue: (run) => metric(run.metrics.values[name]),
      cell: (run) => formatMetric(run.metrics.values[name]),
    };
  }
  return COLUMNS.find((column) => column.key === key);
}

/** The order of the list. */
export interface Sorting {
  column: Column;
  direction: 'ASC' | 'DESC';
}

/** The order that an address names as `start` or `-start`; newest first unless it names one. */
export function readSorting(query: URLSearchParams): Sorting {
  const text = query.get('sort') ?? '-start';
  const column = columnOf(text.replace(/^-/, ''));
  if (!column?.order) return { column: columnOf('start')!, direction: 'DESC' };
  return { column, direction: text.startsWith('-') ? 'DESC' : 'ASC' };
}

/** The order of two rows as the API has it: missing values last, then newest id first or last by direction. */
export function compareRuns({ column, direction }: Sorting): (a: Run, b: Run) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  return (a, b) => {
    const [left, right] = [column.sortValue!(a), column.sortValue!(b)];
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1;
    } else if (left !== right) {
      return (left < right ? -1 : 1) * sign;
    }
    return a.id < b.id ? -sign : a.id > b.id ? sign : 0;
  };
}
