import { ExperimentStatus } from '../../../types/enums/ExperimentStatus';
import { Handedness } from '../../../types/enums/Handedness';
import { Sex } from '../../../types/enums/Sex';
import { Split } from '../../../types/enums/Split';
import { CONFIG, DATASET, EEG_QUALITY, MODEL, type Kind, type Shape } from '../shapes';

/**
 * What can be written from stored bytes without reading the document: for each property of a type, its stored name and the
 * kind of value that belongs there. `DocumentReader` reads the same properties of documents of any content; what is not as
 * it says here is left to that one, so the two never have to agree about odd values.
 */
export type Layout = Readonly<Record<string, Stored>>;

/** A property. `name` is its stored name, the property's own where it is left out. */
export interface Stored {
  name?: string;
  kind: Kind | 'id' | 'metric' | 'date' | 'oneOf' | 'object' | 'json' | 'all' | 'allMetrics';
  /** The texts that an enum has stored. */
  values?: readonly string[];
  /** What is in an object. `all` and `allMetrics` are the whole object that they are properties of. */
  below?: Layout;
  /**
   * What stands for a missing value: null by default, the list or object without anything in it, or `whole`: the
   * document is read.
   */
  missing?: 'null' | 'empty' | 'whole';
}

const whole = (stored: Stored): Stored => ({ ...stored, missing: 'whole' });

function each(names: readonly string[], kind: Stored['kind']): Layout {
  return Object.fromEntries(names.map((name) => [name, { kind }]));
}

function open(shape: Shape): Stored {
  const known = Object.entries(shape).map(([name, kind]) => [
    name,
    kind === 'strings' ? { kind, missing: 'empty' as const } : { kind },
  ]);
  return { kind: 'object', below: { ...Object.fromEntries(known), all: { kind: 'all' } } as Layout };
}

const oneOf = (values: object): Stored => ({ kind: 'oneOf', values: Object.values(values) as string[] });

const EPOCH_METRICS: Stored = {
  kind: 'object',
  missing: 'empty',
  below: {
    ...each(['train_loss', 'val_loss', 'learning_rate', 'val_mae', 'val_rmse', 'val_r2'], 'metric'),
    values: { kind: 'allMetrics' },
  },
};

export const EPOCH_LAYOUT: Layout = {
  _id: whole({ kind: 'id' }),
  epoch: whole({ kind: 'int' }),
  metrics: EPOCH_METRICS,
  timing: {
    kind: 'object',
    below: {
      ...each(['duration_seconds', 'samples_per_second'], 'number'),
      ...each(['epoch_start', 'epoch_end'], 'date'),
    },
  },
  memory: { kind: 'object', below: each(['gpu_allocated_mb', 'gpu_cached_mb', 'cpu_rss_mb'], 'number') },
  timestamp: whole({ kind: 'date' }),
};

export const EXPERIMENT_LAYOUT: Layout = {
  _id: whole({ kind: 'id' }),
  experiment_name: whole({ kind: 'string' }),
  challenge: { kind: 'int' },
  status: whole(oneOf(ExperimentStatus)),
  model: open(MODEL),
  config: { ...open(CONFIG), missing: 'empty' },
  dataset: open(DATASET),
  metrics: {
    kind: 'object',
    missing: 'empty',
    below: {
      ...each(['best_val_loss', 'final_train_loss', 'final_val_loss'], 'metric'),
      ...each(['best_epoch', 'total_epochs'], 'int'),
      training_time_hours: { kind: 'number' },
      values: { kind: 'allMetrics' },
    },
  },
  start_time: whole({ kind: 'date' }),
  ...each(['end_time', 'last_seen_at'], 'date'),
  ...each(['created_by', 'hostname', 'note', 'checkpoint_dir', 'legacy_id'], 'string'),
  tags: { kind: 'strings', missing: 'empty' },
};

export const CHECKPOINT_LAYOUT: Layout = {
  _id: whole({ kind: 'id' }),
  epoch: whole({ kind: 'int' }),
  is_best: whole({ kind: 'boolean' }),
  metrics: EPOCH_METRICS,
  file: whole({
    kind: 'object',
    below: { path: whole({ kind: 'string' }), size_mb: { kind: 'number' }, ...each(['checksum', 'format'], 'string') },
  }),
  model_state: {
    kind: 'object',
    below: { ...each(['optimizer', 'scheduler'], 'string'), epoch: { kind: 'int' }, step: { kind: 'safeInt' } },
  },
  validation: {
    kind: 'object',
    below: {
      n_samples: { kind: 'safeInt' },
      inference_time_ms: { kind: 'number' },
      predictions_file: { kind: 'string' },
    },
  },
  timestamp: whole({ kind: 'date' }),
};

export const SUBJECT_LAYOUT: Layout = {
  _id: whole({ kind: 'id' }),
  subject_id: whole({ kind: 'string' }),
  age: { kind: 'number' },
  sex: oneOf(Sex),
  handedness: oneOf(Handedness),
  releases: { kind: 'strings', missing: 'empty' },
  ...each(['has_eeg', 'has_demographics', 'has_phenotypic'], 'boolean'),
  phenotypic: { kind: 'json', missing: 'empty' },
  eeg_quality: open(EEG_QUALITY),
  splits: {
    kind: 'object',
    missing: 'empty',
    below: { challenge1_split: oneOf(Split), challenge2_split: oneOf(Split) },
  },
  ...each(['date_added', 'last_processed'], 'date'),
};
