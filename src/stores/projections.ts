import type { Document } from 'mongodb';

/** Stored paths that are read of a document; null for all of it. */
export type Projection = readonly string[] | null;

/** Selected fields of a record by their names in the API, each with the fields selected below it. */
export type Selection = ReadonlyMap<string, Selection>;

/** For a field of the API, the stored paths that it is made of; a function where that depends on what is selected below. */
type Paths = Readonly<Record<string, readonly string[] | ((below: Selection) => readonly string[])>>;

/** Metrics are many and mostly not asked for: only the named ones are read, unless all are wanted. */
function metricsBelow(names: Readonly<Record<string, string>>): (below: Selection) => readonly string[] {
  return (below) => {
    const paths: string[] = [];
    for (const field of below.keys()) {
      if (field === '__typename') continue;
      const name = names[field];
      if (!name) return ['metrics'];
      paths.push(`metrics.${name}`);
    }
    return paths;
  };
}

const EPOCH_METRICS = metricsBelow({
  trainLoss: 'train_loss',
  valLoss: 'val_loss',
  learningRate: 'learning_rate',
  valMae: 'val_mae',
  valRmse: 'val_rmse',
  valR2: 'val_r2',
});

const EXPERIMENT: Paths = {
  id: [],
  name: ['experiment_name'],
  challenge: ['challenge'],
  status: ['status'],
  liveness: ['status', 'last_heartbeat_at', 'last_seen_at'],
  model: ['model'],
  config: ['config'],
  dataset: ['dataset'],
  metrics: metricsBelow({
    bestValLoss: 'best_val_loss',
    bestEpoch: 'best_epoch',
    totalEpochs: 'total_epochs',
    finalTrainLoss: 'final_train_loss',
    finalValLoss: 'final_val_loss',
    trainingTimeHours: 'training_time_hours',
  }),
  startTime: ['start_time'],
  endTime: ['end_time'],
  lastSeenAt: ['last_seen_at'],
  createdBy: ['created_by'],
  hostname: ['hostname'],
  tags: ['tags'],
  note: ['note'],
  checkpointDir: ['checkpoint_dir'],
  legacyId: ['legacy_id'],
  parent: ['parent_experiment_id'],
  children: [],
  epochs: [],
  epoch: [],
  latestEpoch: [],
  epochCount: [],
  series: [],
  checkpoints: [],
  bestCheckpoint: [],
  subjects: ['dataset.releases', 'challenge'],
};

const EPOCH: Paths = {
  id: [],
  experiment: [],
  epoch: [],
  metrics: EPOCH_METRICS,
  timing: ['timing'],
  memory: ['memory'],
  timestamp: ['timestamp'],
  checkpoints: [],
};

const CHECKPOINT: Paths = {
  id: [],
  experiment: [],
  epoch: [],
  epochRecord: [],
  isBest: ['is_best'],
  metrics: EPOCH_METRICS,
  file: ['file'],
  modelState: ['model_state'],
  validation: ['validation'],
  timestamp: ['timestamp'],
};

const SUBJECT: Paths = {
  id: [],
  subjectId: [],
  age: ['age'],
  sex: ['sex'],
  handedness: ['handedness'],
  releases: ['releases'],
  hasEeg: ['has_eeg'],
  hasDemographics: ['has_demographics'],
  hasPhenotypic: ['has_phenotypic'],
  phenotypic: ['phenotypic'],
  eegQuality: ['eeg_quality'],
  splits: ['splits'],
  dateAdded: ['date_added'],
  lastProcessed: ['last_processed'],
  experiments: ['releases'],
};

/** The paths, each once, without those inside another one: MongoDB refuses a path beside its own parent. */
function minimal(paths: Iterable<string>): string[] {
  const sorted = [...new Set(paths)].sort();
  return sorted.filter((path) => !sorted.some((other) => path.startsWith(`${other}.`)));
}

function projectionOf(table: Paths, always: readonly string[], selection: Selection): Projection {
  const known = KNOWN.get(selection);
  if (known && known.table === table) return known.projection;
  const projection = computeProjection(table, always, selection);
  KNOWN.set(selection, { table, projection });
  return projection;
}

/** A selection serves every item of a list; so does its projection. */
const KNOWN = new WeakMap<Selection, { table: Paths; projection: Projection }>();

function computeProjection(table: Paths, always: readonly string[], selection: Selection): Projection {
  const paths = [...always];
  for (const [field, below] of selection) {
    if (field === '__typename') continue;
    const entry = table[field];
    if (!entry) return null;
    paths.push(...(typeof entry === 'function' ? entry(below) : entry));
  }
  return minimal(paths);
}

/** What is read of an experiment, an epoch, a checkpoint and a subject for a selection: what the reader needs, and that. */
export const projections = {
  experiment: (selection: Selection): Projection => projectionOf(EXPERIMENT, ['_id'], selection),
  epoch: (selection: Selection): Projection => projectionOf(EPOCH, ['_id', 'epoch', 'experiment_id'], selection),
  checkpoint: (selection: Selection): Projection =>
    projectionOf(CHECKPOINT, ['_id', 'epoch', 'experiment_id'], selection),
  subject: (selection: Selection): Projection => projectionOf(SUBJECT, ['_id', 'subject_id'], selection),
};

/** A projection that reads what each of several does. */
export function union(parts: readonly Projection[], ...more: string[]): Projection {
  const paths: string[] = [...more];
  for (const part of parts) {
    if (part === null) return null;
    paths.push(...part);
  }
  return minimal(paths);
}

/** A projection as `find` and `$project` take it; undefined for all fields. */
export function toProjection(paths: Projection): Document | undefined {
  return paths === null ? undefined : Object.fromEntries(paths.map((path) => [path, 1]));
}

/** The option of `find` that reads a projection. */
export function reading(fields: Projection): { projection?: Document } {
  const projection = toProjection(fields);
  return projection ? { projection } : {};
}
