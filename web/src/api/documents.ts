// Emitted by `npm run web:documents` from operations.graphql and schema.graphql; `npm run check` fails when it is not.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Where a training run stands, as its trainer last said. See ExperimentLiveness for whether to believe it. */
export type ExperimentStatus =
  /** Training, as far as the trainer has said. */
  | 'RUNNING'
  /** Ran to its planned end, early stopping included. */
  | 'COMPLETED'
  /** Ended by an error. */
  | 'FAILED'
  /** Ended by a person before its planned end. */
  | 'STOPPED';

/** Whether a run that says RUNNING still shows signs of life. Computed when read; nothing stored changes. The silence after which it counts as stalled is 5 minutes unless the server is set otherwise; `serverInfo.limits` has it as `stalledAfterMinutes`. */
export type ExperimentLiveness =
  /** RUNNING, sends heartbeats, and was heard from within that time. */
  | 'ALIVE'
  /** RUNNING and used to send heartbeats, but has been silent for longer. */
  | 'STALLED'
  /** RUNNING without ever having sent a heartbeat: silence says nothing about it. */
  | 'UNKNOWN'
  /** COMPLETED, FAILED or STOPPED. */
  | 'FINISHED';

/** The part of a challenge that a subject belongs to. */
export type Split =
  /** Used to fit the model. */
  | 'TRAIN'
  /** Used to choose between models and epochs. */
  | 'VAL'
  /** Held out to the end. */
  | 'TEST';

/** The subject's sex as the participants table gives it. */
export type Sex =
  /** Female. */
  | 'F'
  /** Male. */
  | 'M';

/** Handedness by the Edinburgh Handedness Inventory, whose total runs from -100 (left) to +100 (right); Oldfield 1971, Neuropsychologia 9(1). */
export type Handedness =
  /** Right: a total above +40. */
  | 'R'
  /** Left: a total below -40. */
  | 'L'
  /** Ambidextrous: a total from -40 to +40. */
  | 'A';

/** Which end comes first. Missing, null, NaN and ill-typed values come last in either direction. */
export type OrderDirection =
  /** Smallest number, earliest time, or first text by Unicode code points first. */
  | 'ASC'
  /** Largest number, latest time, or last text by Unicode code points first. */
  | 'DESC';

/** Which runs. Everything given must hold; `and`, `or` and `not` nest at most 5 deep, and lists hold at most 250 items. */
export type ExperimentFilter = {
  /** All of these hold; an empty list matches everything. */
  and?: Array<ExperimentFilter> | null | undefined;
  /** At least one of these holds; an empty list matches nothing. */
  or?: Array<ExperimentFilter> | null | undefined;
  /** This does not hold. */
  not?: ExperimentFilter | null | undefined;
  /** Only these runs. */
  ids?: Array<string> | null | undefined;
  /** Number of the challenge. */
  challenge?: IntFilter | null | undefined;
  /** In one of these statuses. */
  status?: Array<ExperimentStatus> | null | undefined;
  /** In one of these states of life, as of now. */
  liveness?: Array<ExperimentLiveness> | null | undefined;
  /** Name of the run. */
  name?: StringFilter | null | undefined;
  /** Name of the model. */
  modelName?: StringFilter | null | undefined;
  /** Labels. */
  tags?: StringListFilter | null | undefined;
  /** Releases of the dataset. */
  releases?: StringListFilter | null | undefined;
  /** Who started it. */
  createdBy?: StringFilter | null | undefined;
  /** Machine that it trains on. */
  hostname?: StringFilter | null | undefined;
  /** When it began. */
  startTime?: DateTimeFilter | null | undefined;
  /** When it ended. */
  endTime?: DateTimeFilter | null | undefined;
  /** Values inside `config`; all must hold. */
  config?: Array<ConfigFilter> | null | undefined;
  /** The run's own metrics; all must hold. */
  metrics?: Array<MetricFilter> | null | undefined;
  /** The run that it continues. */
  parentId?: string | null | undefined;
  /** Case-insensitive substring of the name, the note or a tag; literal text, never a pattern. */
  search?: string | null | undefined;
};

/** Compares an integer. Every operator given must hold. A missing value matches `ne` alone. */
export type IntFilter = {
  /** Equal to this. */
  eq?: number | null | undefined;
  /** Different from this, or missing. */
  ne?: number | null | undefined;
  /** Equal to one of these, at most 250. */
  in?: Array<number> | null | undefined;
  /** Greater than this. */
  gt?: number | null | undefined;
  /** This or greater. */
  gte?: number | null | undefined;
  /** Less than this. */
  lt?: number | null | undefined;
  /** This or less. */
  lte?: number | null | undefined;
};

/** Compares text, literally: nothing in it is a pattern. Every operator given must hold. */
export type StringFilter = {
  /** Equal to this, upper and lower case told apart. */
  eq?: string | null | undefined;
  /** Different from this, or missing. */
  ne?: string | null | undefined;
  /** Equal to one of these, at most 250. */
  in?: Array<string> | null | undefined;
  /** Holds this, upper and lower case told apart. */
  contains?: string | null | undefined;
  /** Begins with this, upper and lower case told apart. */
  startsWith?: string | null | undefined;
};

/** Compares a list of texts, such as tags. Every operator given must hold. */
export type StringListFilter = {
  /** Holds at least one of these, at most 250; an empty list matches nothing. */
  any?: Array<string> | null | undefined;
  /** Holds each of these, at most 250; an empty list matches everything. */
  all?: Array<string> | null | undefined;
  /** Holds none of these, at most 250. */
  none?: Array<string> | null | undefined;
};

/** Compares an instant. Every operator given must hold. A missing value matches nothing. */
export type DateTimeFilter = {
  /** Later than this. */
  gt?: string | null | undefined;
  /** At this or later. */
  gte?: string | null | undefined;
  /** Earlier than this. */
  lt?: string | null | undefined;
  /** At this or earlier. */
  lte?: string | null | undefined;
};

/** Compares the value at a path inside `config`. Every operator given must hold. A list at the path matches as a whole. */
export type ConfigFilter = {
  /** Keys joined by dots, such as "device" or "scheduler.gamma". A dot or percent sign inside a key is written %2E or %25. */
  path: string;
  /** Equal to this. An explicit null matches a stored null, and not a missing value. */
  eq?: unknown;
  /** Different from this, or missing. */
  ne?: unknown;
  /** Equal to one of these, at most 250. */
  in?: Array<unknown> | null | undefined;
  /** A number greater than this. */
  gt?: number | null | undefined;
  /** This number or a greater one. */
  gte?: number | null | undefined;
  /** A number less than this. */
  lt?: number | null | undefined;
  /** This number or a lesser one. */
  lte?: number | null | undefined;
  /** Whether the key at the path is there, whatever its value, null included. Nothing is at a path that leads through a list. */
  exists?: boolean | null | undefined;
};

/** Compares one metric by its stored name. Every operator given must hold. NaN matches nothing but `exists`. */
export type MetricFilter = {
  /** Stored name, such as "best_val_loss". */
  name: string;
  /** Equal to this. */
  eq?: number | null | undefined;
  /** Greater than this. */
  gt?: number | null | undefined;
  /** This or greater. */
  gte?: number | null | undefined;
  /** Less than this. */
  lt?: number | null | undefined;
  /** This or less. */
  lte?: number | null | undefined;
  /** Whether a number is stored under the name, NaN included; of phenotypic scores, whether anything but null is. */
  exists?: boolean | null | undefined;
};

/** Which subjects. Everything given must hold; `and`, `or` and `not` nest at most 5 deep, and lists hold at most 250 items. */
export type SubjectFilter = {
  /** All of these hold; an empty list matches everything. */
  and?: Array<SubjectFilter> | null | undefined;
  /** At least one of these holds; an empty list matches nothing. */
  or?: Array<SubjectFilter> | null | undefined;
  /** This does not hold. */
  not?: SubjectFilter | null | undefined;
  /** Only these subjects. */
  subjectIds?: Array<string> | null | undefined;
  /** Age in years. */
  age?: FloatFilter | null | undefined;
  /** Of one of these sexes. */
  sex?: Array<Sex> | null | undefined;
  /** Of one of these. */
  handedness?: Array<Handedness> | null | undefined;
  /** Releases that hold the subject. */
  releases?: StringListFilter | null | undefined;
  /** In one of these splits of challenge 1. */
  challenge1Split?: Array<Split> | null | undefined;
  /** In one of these splits of challenge 2. */
  challenge2Split?: Array<Split> | null | undefined;
  /** Whether there is any EEG recording. */
  hasEeg?: boolean | null | undefined;
  /** Whether there is phenotypic data. */
  hasPhenotypic?: boolean | null | undefined;
  /** Phenotypic scores by name; all must hold. */
  phenotypic?: Array<MetricFilter> | null | undefined;
  /** Case-insensitive substring of the identifier; literal text, never a pattern. */
  search?: string | null | undefined;
};

/** Compares a number. Every operator given must hold. A missing value or NaN matches `ne` alone. */
export type FloatFilter = {
  /** Equal to this. */
  eq?: number | null | undefined;
  /** Different from this, or missing. */
  ne?: number | null | undefined;
  /** Equal to one of these, at most 250. */
  in?: Array<number> | null | undefined;
  /** Greater than this. */
  gt?: number | null | undefined;
  /** This or greater. */
  gte?: number | null | undefined;
  /** Less than this. */
  lt?: number | null | undefined;
  /** This or less. */
  lte?: number | null | undefined;
};

/** An order of runs. Exactly one of field, metric and configPath. Values that are missing, null, NaN or of another type than the order takes come last in either direction; equal ones go by id, in the direction of the last key. */
export type ExperimentOrder = {
  /** A field of the run. */
  field?: ExperimentOrderField | null | undefined;
  /** One of the run's own metrics by its stored name. `best_val_loss` is the field BEST_VAL_LOSS, and so with the others that are fields. */
  metric?: string | null | undefined;
  /** A path inside `config`, as in ConfigFilter. Ascending: numbers, then texts by Unicode code points, then false and true. Lists, objects and null count as missing. */
  configPath?: string | null | undefined;
  /** Which end comes first. */
  direction?: OrderDirection | null | undefined;
};

/** A field of a run to order by. */
export type ExperimentOrderField =
  /** When it began. */
  | 'START_TIME'
  /** When it ended; runs that have not come last. */
  | 'END_TIME'
  /** Its trainer's last sign of life. */
  | 'LAST_SEEN_AT'
  /** Its name, by Unicode code points (upper case before lower case). */
  | 'NAME'
  /** Its status, in alphabetical order: completed, failed, running, stopped. */
  | 'STATUS'
  /** Number of its challenge. */
  | 'CHALLENGE'
  /** Its model's name, by Unicode code points. */
  | 'MODEL_NAME'
  /** Lowest val_loss of its epochs. */
  | 'BEST_VAL_LOSS'
  /** The epoch of that loss. */
  | 'BEST_EPOCH'
  /** How many epochs are stored. */
  | 'TOTAL_EPOCHS'
  /** Hours of training. */
  | 'TRAINING_TIME_HOURS'
  /** Its liveness: ALIVE, STALLED, UNKNOWN, FINISHED. Judged on all pages of a walk, `filter` included, as of the moment of the first one, which the cursors carry; the field `liveness` is as of now. */
  | 'LIVENESS';

/** Where the records are kept. */
export type DatabaseKind =
  /** The server's own embedded database, in its data folder: for one machine and first looks. */
  | 'EMBEDDED'
  /** A MongoDB replica set or sharded cluster, named by MONGODB_URI. */
  | 'MONGODB';

/** An order of subjects. Exactly one of field and phenotypic. Values that are missing, null, NaN or of another type than the order takes come last in either direction; equal ones go by id, in the direction of the last key. */
export type SubjectOrder = {
  /** A field of the subject. */
  field?: SubjectOrderField | null | undefined;
  /** A phenotypic score by its name. Ascending: numbers, then texts by Unicode code points, then false and true. Lists, objects and null count as missing. */
  phenotypic?: string | null | undefined;
  /** Which end comes first. */
  direction?: OrderDirection | null | undefined;
};

/** A field of a subject to order by. */
export type SubjectOrderField =
  /** Identifier in the dataset, by Unicode code points. */
  | 'SUBJECT_ID'
  /** Age in years. */
  | 'AGE'
  /** When the subject was first stored. */
  | 'DATE_ADDED'
  /** When the subject's recordings were last processed. */
  | 'LAST_PROCESSED';

/** What a token allows. Each role may do what the ones before it may. */
export type Role =
  /** Queries and subscriptions. */
  | 'READER'
  /** Also everything that a training writes. */
  | 'TRAINER'
  /** Also deletions, failStalledExperiments and the tokens themselves. */
  | 'ADMIN';

/** Changes to a run. A field left out stays as it is; an explicit null clears a field that may be null. An object given (model, config, dataset) replaces the stored one whole. */
export type UpdateExperimentInput = {
  /** The run to change. */
  id: string;
  /** New name, 1 to 1024 characters. */
  name?: string | null | undefined;
  /** New note; null clears it. */
  note?: string | null | undefined;
  /** All labels, in place of the stored ones. */
  tags?: Array<string> | null | undefined;
  /** Labels to add; not together with `tags`. */
  addTags?: Array<string> | null | undefined;
  /** Labels to remove; not together with `tags`. */
  removeTags?: Array<string> | null | undefined;
  /** New model; null clears it. */
  model?: Record<string, unknown> | null | undefined;
  /** New hyperparameters. */
  config?: Record<string, unknown> | null | undefined;
  /** New dataset; null clears it. */
  dataset?: Record<string, unknown> | null | undefined;
  /** New folder of the checkpoints; null clears it. */
  checkpointDir?: string | null | undefined;
  /** The run that this one continues; null clears it. Must exist and not descend from this one. */
  parentExperimentId?: string | null | undefined;
};

/** A new status. RUNNING may become any other, any other may become RUNNING (a resumed run), and the same status may be said again; every other move fails with CONFLICT. */
export type UpdateExperimentStatusInput = {
  /** The run. */
  experimentId: string;
  /** Where it stands now. */
  status: ExperimentStatus;
  /** Metrics of the run as a whole, merged into the stored ones. They stand beside what the epochs say, also where the two differ, until the next epoch is stored or removed. */
  metrics?: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> | null | undefined;
  /** When it ended. Now if left out for a status other than RUNNING; cleared by RUNNING. */
  endTime?: string | null | undefined;
  /** New note; the stored one stays if left out, null clears it. */
  note?: string | null | undefined;
};

/** What happened to the record that an event is about. */
export type ChangeKind =
  /** It was stored for the first time. */
  | 'CREATED'
  /** A stored record changed. */
  | 'UPDATED'
  /** It was removed; the event carries its id and no record. */
  | 'DELETED';

export type RunRowFragment = {
  id: string;
  name: string;
  challenge: number | null;
  status: ExperimentStatus;
  liveness: ExperimentLiveness;
  startTime: string;
  endTime: string | null;
  lastSeenAt: string | null;
  createdBy: string | null;
  hostname: string | null;
  tags: Array<string>;
  note: string | null;
  model: { name: string | null } | null;
  config: { maxEpochs: number | null; all: Record<string, unknown> };
  dataset: { releases: Array<string> } | null;
  metrics: {
    bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
    bestEpoch: number | null;
    totalEpochs: number | null;
    finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
    finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
    trainingTimeHours: number | null;
    values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
  };
};

export type RelativeFragment = {
  id: string;
  name: string;
  status: ExperimentStatus;
  liveness: ExperimentLiveness;
  startTime: string;
  metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
};

export type CheckpointRowFragment = {
  id: string;
  epoch: number;
  isBest: boolean;
  timestamp: string;
  metrics: { values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> };
  file: { path: string; sizeMb: number | null; checksum: string | null; format: string | null };
};

export type CurveFragment = {
  name: string;
  epochs: Array<number>;
  values: Array<number | 'NaN' | 'Infinity' | '-Infinity'>;
  totalPoints: number;
  sampled: boolean;
};

export type ExperimentsQueryVariables = Exact<{
  filter?: ExperimentFilter | null | undefined;
  orderBy?: Array<ExperimentOrder> | ExperimentOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;

export type ExperimentsQuery = {
  experiments: {
    nodes: Array<{
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    }>;
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
};

export type ExperimentCountsQueryVariables = Exact<{
  filter?: ExperimentFilter | null | undefined;
}>;

export type ExperimentCountsQuery = {
  matching: { total: number };
  all: {
    total: number;
    byStatus: Array<{ value: string | null; count: number }>;
    byLiveness: Array<{ value: string | null; count: number }>;
    byChallenge: Array<{ value: string | null; count: number }>;
    byModel: Array<{ value: string | null; count: number }>;
    byTag: Array<{ value: string | null; count: number }>;
  };
};

export type SparklinesQueryVariables = Exact<{
  ids: Array<string> | string;
}>;

export type SparklinesQuery = {
  experiments: {
    nodes: Array<{
      id: string;
      series: Array<{ epochs: Array<number>; values: Array<number | 'NaN' | 'Infinity' | '-Infinity'> }>;
    }>;
  };
};

export type ExperimentChangedSubscriptionVariables = Exact<{
  filter?: ExperimentFilter | null | undefined;
  after?: string | null | undefined;
}>;

export type ExperimentChangedSubscription = {
  experimentChanged: {
    kind: ChangeKind;
    cursor: string;
    matches: boolean;
    experimentId: string;
    experiment: {
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    } | null;
  };
};

export type RunQueryVariables = Exact<{
  id: string;
}>;

export type RunQuery = {
  experiment: {
    checkpointDir: string | null;
    legacyId: string | null;
    id: string;
    name: string;
    challenge: number | null;
    status: ExperimentStatus;
    liveness: ExperimentLiveness;
    startTime: string;
    endTime: string | null;
    lastSeenAt: string | null;
    createdBy: string | null;
    hostname: string | null;
    tags: Array<string>;
    note: string | null;
    model: {
      architecture: string | null;
      parameters: number | null;
      version: string | null;
      all: Record<string, unknown>;
      name: string | null;
    } | null;
    dataset: { all: Record<string, unknown>; releases: Array<string> } | null;
    parent: {
      id: string;
      name: string;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      parent: {
        id: string;
        name: string;
        status: ExperimentStatus;
        liveness: ExperimentLiveness;
        startTime: string;
        parent: {
          id: string;
          name: string;
          status: ExperimentStatus;
          liveness: ExperimentLiveness;
          startTime: string;
          metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
        } | null;
        metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
      } | null;
      metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
    } | null;
    children: {
      totalCount: number;
      nodes: Array<{
        id: string;
        name: string;
        status: ExperimentStatus;
        liveness: ExperimentLiveness;
        startTime: string;
        metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
      }>;
    };
    latestEpoch: {
      epoch: number;
      timestamp: string;
      timing: { durationSeconds: number | null; samplesPerSecond: number | null } | null;
      memory: { gpuAllocatedMb: number | null; gpuCachedMb: number | null; cpuRssMb: number | null } | null;
    } | null;
    checkpoints: {
      totalCount: number;
      nodes: Array<{
        id: string;
        epoch: number;
        isBest: boolean;
        timestamp: string;
        metrics: { values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> };
        file: { path: string; sizeMb: number | null; checksum: string | null; format: string | null };
      }>;
    };
    config: { maxEpochs: number | null; all: Record<string, unknown> };
    metrics: {
      bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      bestEpoch: number | null;
      totalEpochs: number | null;
      finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      trainingTimeHours: number | null;
      values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
    };
  } | null;
};

export type RunSeriesQueryVariables = Exact<{
  id: string;
  maxPoints?: number | null | undefined;
}>;

export type RunSeriesQuery = {
  experiment: {
    series: Array<{
      name: string;
      epochs: Array<number>;
      values: Array<number | 'NaN' | 'Infinity' | '-Infinity'>;
      totalPoints: number;
      sampled: boolean;
    }>;
  } | null;
};

export type EpochRangeQueryVariables = Exact<{
  id: string;
  from: number;
  to: number;
}>;

export type EpochRangeQuery = {
  experiment: {
    epochs: {
      nodes: Array<{ epoch: number; metrics: { values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> } }>;
      pageInfo: { hasNextPage: boolean };
    };
  } | null;
};

export type RunChangedSubscriptionVariables = Exact<{
  id: string;
  after?: string | null | undefined;
}>;

export type RunChangedSubscription = {
  experimentChanged: {
    kind: ChangeKind;
    cursor: string;
    experimentId: string;
    experiment: {
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    } | null;
  };
};

export type EpochLoggedSubscriptionVariables = Exact<{
  id: string;
  afterEpoch?: number | null | undefined;
  after?: string | null | undefined;
}>;

export type EpochLoggedSubscription = {
  epochLogged: {
    kind: ChangeKind;
    cursor: string;
    epoch: {
      epoch: number;
      timestamp: string;
      metrics: { values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> };
      timing: { durationSeconds: number | null; samplesPerSecond: number | null } | null;
      memory: { gpuAllocatedMb: number | null; gpuCachedMb: number | null; cpuRssMb: number | null } | null;
    };
  };
};

export type CheckpointSavedSubscriptionVariables = Exact<{
  id: string;
  after?: string | null | undefined;
}>;

export type CheckpointSavedSubscription = {
  checkpointSaved: {
    kind: ChangeKind;
    cursor: string;
    checkpoint: {
      id: string;
      epoch: number;
      isBest: boolean;
      timestamp: string;
      metrics: { values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'> };
      file: { path: string; sizeMb: number | null; checksum: string | null; format: string | null };
    };
  };
};

export type CompareCurvesQueryVariables = Exact<{
  ids: Array<string> | string;
  maxPoints?: number | null | undefined;
}>;

export type CompareCurvesQuery = {
  experiments: {
    nodes: Array<{
      id: string;
      series: Array<{
        name: string;
        epochs: Array<number>;
        values: Array<number | 'NaN' | 'Infinity' | '-Infinity'>;
        totalPoints: number;
        sampled: boolean;
      }>;
    }>;
  };
};

export type CompareQueryVariables = Exact<{
  ids: Array<string> | string;
}>;

export type CompareQuery = {
  compareExperiments: {
    experiments: Array<{
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    }>;
    configDiff: Array<{ path: string; values: Array<unknown> }>;
    metricDiff: Array<{ path: string; values: Array<unknown> }>;
  };
};

export type FindExperimentsQueryVariables = Exact<{
  filter?: ExperimentFilter | null | undefined;
}>;

export type FindExperimentsQuery = {
  experiments: {
    nodes: Array<{
      id: string;
      name: string;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
    }>;
  };
};

export type ChallengesQueryVariables = Exact<{ [key: string]: never }>;

export type ChallengesQuery = { bestPerChallenge: Array<{ challenge: number; experimentCount: number }> };

export type LeaderboardSubscriptionVariables = Exact<{
  challenge: number;
  first: number;
  metric: string;
  direction: OrderDirection;
}>;

export type LeaderboardSubscription = {
  leaderboard: Array<{
    id: string;
    name: string;
    challenge: number | null;
    status: ExperimentStatus;
    liveness: ExperimentLiveness;
    startTime: string;
    endTime: string | null;
    lastSeenAt: string | null;
    createdBy: string | null;
    hostname: string | null;
    tags: Array<string>;
    note: string | null;
    model: { name: string | null } | null;
    config: { maxEpochs: number | null; all: Record<string, unknown> };
    dataset: { releases: Array<string> } | null;
    metrics: {
      bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      bestEpoch: number | null;
      totalEpochs: number | null;
      finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
      trainingTimeHours: number | null;
      values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
    };
  }>;
};

export type SubjectsQueryVariables = Exact<{
  filter?: SubjectFilter | null | undefined;
  orderBy?: Array<SubjectOrder> | SubjectOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;

export type SubjectsQuery = {
  subjects: {
    nodes: Array<{
      id: string;
      subjectId: string;
      age: number | null;
      sex: Sex | null;
      handedness: Handedness | null;
      releases: Array<string>;
      hasEeg: boolean | null;
      hasPhenotypic: boolean | null;
      dateAdded: string | null;
      splits: { challenge1: Split | null; challenge2: Split | null };
    }>;
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
};

export type SubjectRowFragment = {
  id: string;
  subjectId: string;
  age: number | null;
  sex: Sex | null;
  handedness: Handedness | null;
  releases: Array<string>;
  hasEeg: boolean | null;
  hasPhenotypic: boolean | null;
  dateAdded: string | null;
  splits: { challenge1: Split | null; challenge2: Split | null };
};

export type FacetsFragment = {
  total: number;
  byRelease: Array<{ value: string | null; count: number }>;
  bySex: Array<{ value: string | null; count: number }>;
  byChallenge1Split: Array<{ value: string | null; count: number }>;
  byChallenge2Split: Array<{ value: string | null; count: number }>;
  ageHistogram: Array<{ from: number; to: number; count: number }>;
};

export type SubjectFacetsQueryVariables = Exact<{
  filter?: SubjectFilter | null | undefined;
}>;

export type SubjectFacetsQuery = {
  matching: {
    total: number;
    byRelease: Array<{ value: string | null; count: number }>;
    bySex: Array<{ value: string | null; count: number }>;
    byChallenge1Split: Array<{ value: string | null; count: number }>;
    byChallenge2Split: Array<{ value: string | null; count: number }>;
    ageHistogram: Array<{ from: number; to: number; count: number }>;
  };
  all: {
    total: number;
    byRelease: Array<{ value: string | null; count: number }>;
    bySex: Array<{ value: string | null; count: number }>;
    byChallenge1Split: Array<{ value: string | null; count: number }>;
    byChallenge2Split: Array<{ value: string | null; count: number }>;
    ageHistogram: Array<{ from: number; to: number; count: number }>;
  };
};

export type SubjectQueryVariables = Exact<{
  subjectId: string;
}>;

export type SubjectQuery = {
  subject: {
    hasDemographics: boolean | null;
    phenotypic: Record<string, unknown>;
    lastProcessed: string | null;
    id: string;
    subjectId: string;
    age: number | null;
    sex: Sex | null;
    handedness: Handedness | null;
    releases: Array<string>;
    hasEeg: boolean | null;
    hasPhenotypic: boolean | null;
    dateAdded: string | null;
    eegQuality: {
      nChannels: number | null;
      samplingRate: number | null;
      durationSeconds: number | null;
      artifactRatio: number | null;
      all: Record<string, unknown>;
    } | null;
    experiments: {
      totalCount: number;
      nodes: Array<{
        id: string;
        name: string;
        status: ExperimentStatus;
        liveness: ExperimentLiveness;
        startTime: string;
        metrics: { bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null; totalEpochs: number | null };
      }>;
    };
    splits: { challenge1: Split | null; challenge2: Split | null };
  } | null;
};

export type SubjectChangedSubscriptionVariables = Exact<{
  subjectId?: string | null | undefined;
  after?: string | null | undefined;
}>;

export type SubjectChangedSubscription = { subjectChanged: { kind: ChangeKind; cursor: string; id: string } };

export type ServerInfoQueryVariables = Exact<{ [key: string]: never }>;

export type ServerInfoQuery = { serverInfo: { version: string; database: DatabaseKind; databaseVersion: string } };

export type UpdateExperimentMutationVariables = Exact<{
  input: UpdateExperimentInput;
}>;

export type UpdateExperimentMutation = {
  updateExperiment: {
    experiment: {
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    };
  };
};

export type UpdateExperimentStatusMutationVariables = Exact<{
  input: UpdateExperimentStatusInput;
}>;

export type UpdateExperimentStatusMutation = {
  updateExperimentStatus: {
    experiment: {
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    };
  };
};

export type FailStalledExperimentsMutationVariables = Exact<{
  silentForSeconds: number;
}>;

export type FailStalledExperimentsMutation = {
  failStalledExperiments: {
    experiments: Array<{
      id: string;
      name: string;
      challenge: number | null;
      status: ExperimentStatus;
      liveness: ExperimentLiveness;
      startTime: string;
      endTime: string | null;
      lastSeenAt: string | null;
      createdBy: string | null;
      hostname: string | null;
      tags: Array<string>;
      note: string | null;
      model: { name: string | null } | null;
      config: { maxEpochs: number | null; all: Record<string, unknown> };
      dataset: { releases: Array<string> } | null;
      metrics: {
        bestValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        bestEpoch: number | null;
        totalEpochs: number | null;
        finalTrainLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        finalValLoss: number | 'NaN' | 'Infinity' | '-Infinity' | null;
        trainingTimeHours: number | null;
        values: Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>;
      };
    }>;
  };
};

export type DeleteExperimentMutationVariables = Exact<{
  id: string;
}>;

export type DeleteExperimentMutation = {
  deleteExperiment: { id: string; deletedEpochs: number; deletedCheckpoints: number };
};

export type ViewerQueryVariables = Exact<{ [key: string]: never }>;

export type ViewerQuery = { viewer: { name: string | null; role: Role } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const RunRowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}
    `,
  { fragmentName: 'RunRow' },
) as unknown as TypedDocumentString<RunRowFragment, unknown>;
export const RelativeFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment Relative on Experiment {
  id
  name
  status
  liveness
  startTime
  metrics {
    bestValLoss
    totalEpochs
  }
}
    `,
  { fragmentName: 'Relative' },
) as unknown as TypedDocumentString<RelativeFragment, unknown>;
export const CheckpointRowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment CheckpointRow on Checkpoint {
  id
  epoch
  isBest
  timestamp
  metrics {
    values
  }
  file {
    path
    sizeMb
    checksum
    format
  }
}
    `,
  { fragmentName: 'CheckpointRow' },
) as unknown as TypedDocumentString<CheckpointRowFragment, unknown>;
export const CurveFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment Curve on MetricSeries {
  name
  epochs
  values
  totalPoints
  sampled
}
    `,
  { fragmentName: 'Curve' },
) as unknown as TypedDocumentString<CurveFragment, unknown>;
export const SubjectRowFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment SubjectRow on Subject {
  id
  subjectId
  age
  sex
  handedness
  releases
  hasEeg
  hasPhenotypic
  splits {
    challenge1
    challenge2
  }
  dateAdded
}
    `,
  { fragmentName: 'SubjectRow' },
) as unknown as TypedDocumentString<SubjectRowFragment, unknown>;
export const FacetsFragmentDoc = /*#__PURE__*/ new TypedDocumentString(
  `
    fragment Facets on SubjectFacets {
  total
  byRelease {
    value
    count
  }
  bySex {
    value
    count
  }
  byChallenge1Split {
    value
    count
  }
  byChallenge2Split {
    value
    count
  }
  ageHistogram {
    from
    to
    count
  }
}
    `,
  { fragmentName: 'Facets' },
) as unknown as TypedDocumentString<FacetsFragment, unknown>;
export const ExperimentsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Experiments($filter: ExperimentFilter, $orderBy: [ExperimentOrder!], $first: Int, $after: String) {
  experiments(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      ...RunRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<ExperimentsQuery, ExperimentsQueryVariables>;
export const ExperimentCountsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ExperimentCounts($filter: ExperimentFilter) {
  matching: experimentFacets(filter: $filter) {
    total
  }
  all: experimentFacets {
    total
    byStatus {
      value
      count
    }
    byLiveness {
      value
      count
    }
    byChallenge {
      value
      count
    }
    byModel {
      value
      count
    }
    byTag {
      value
      count
    }
  }
}
    `) as unknown as TypedDocumentString<ExperimentCountsQuery, ExperimentCountsQueryVariables>;
export const SparklinesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Sparklines($ids: [ID!]!) {
  experiments(filter: {ids: $ids}, first: 100) {
    nodes {
      id
      series(metrics: ["val_loss"], maxPoints: 48) {
        epochs
        values
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SparklinesQuery, SparklinesQueryVariables>;
export const ExperimentChangedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription ExperimentChanged($filter: ExperimentFilter, $after: String) {
  experimentChanged(filter: $filter, after: $after) {
    kind
    cursor
    matches
    experimentId
    experiment {
      ...RunRow
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<ExperimentChangedSubscription, ExperimentChangedSubscriptionVariables>;
export const RunDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Run($id: ID!) {
  experiment(id: $id) {
    ...RunRow
    checkpointDir
    legacyId
    model {
      architecture
      parameters
      version
      all
    }
    dataset {
      all
    }
    parent {
      ...Relative
      parent {
        ...Relative
        parent {
          ...Relative
        }
      }
    }
    children(first: 50) {
      totalCount
      nodes {
        ...Relative
      }
    }
    latestEpoch {
      epoch
      timestamp
      timing {
        durationSeconds
        samplesPerSecond
      }
      memory {
        gpuAllocatedMb
        gpuCachedMb
        cpuRssMb
      }
    }
    checkpoints(first: 200) {
      totalCount
      nodes {
        ...CheckpointRow
      }
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}
fragment Relative on Experiment {
  id
  name
  status
  liveness
  startTime
  metrics {
    bestValLoss
    totalEpochs
  }
}
fragment CheckpointRow on Checkpoint {
  id
  epoch
  isBest
  timestamp
  metrics {
    values
  }
  file {
    path
    sizeMb
    checksum
    format
  }
}`) as unknown as TypedDocumentString<RunQuery, RunQueryVariables>;
export const RunSeriesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query RunSeries($id: ID!, $maxPoints: Int) {
  experiment(id: $id) {
    series(maxPoints: $maxPoints) {
      ...Curve
    }
  }
}
    fragment Curve on MetricSeries {
  name
  epochs
  values
  totalPoints
  sampled
}`) as unknown as TypedDocumentString<RunSeriesQuery, RunSeriesQueryVariables>;
export const EpochRangeDocument = /*#__PURE__*/ new TypedDocumentString(`
    query EpochRange($id: ID!, $from: Int!, $to: Int!) {
  experiment(id: $id) {
    epochs(from: $from, to: $to, first: 1000) {
      nodes {
        epoch
        metrics {
          values
        }
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    `) as unknown as TypedDocumentString<EpochRangeQuery, EpochRangeQueryVariables>;
export const RunChangedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription RunChanged($id: ID!, $after: String) {
  experimentChanged(id: $id, after: $after) {
    kind
    cursor
    experimentId
    experiment {
      ...RunRow
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<RunChangedSubscription, RunChangedSubscriptionVariables>;
export const EpochLoggedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription EpochLogged($id: ID!, $afterEpoch: Int, $after: String) {
  epochLogged(experimentId: $id, afterEpoch: $afterEpoch, after: $after) {
    kind
    cursor
    epoch {
      epoch
      timestamp
      metrics {
        values
      }
      timing {
        durationSeconds
        samplesPerSecond
      }
      memory {
        gpuAllocatedMb
        gpuCachedMb
        cpuRssMb
      }
    }
  }
}
    `) as unknown as TypedDocumentString<EpochLoggedSubscription, EpochLoggedSubscriptionVariables>;
export const CheckpointSavedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription CheckpointSaved($id: ID!, $after: String) {
  checkpointSaved(experimentId: $id, after: $after) {
    kind
    cursor
    checkpoint {
      ...CheckpointRow
    }
  }
}
    fragment CheckpointRow on Checkpoint {
  id
  epoch
  isBest
  timestamp
  metrics {
    values
  }
  file {
    path
    sizeMb
    checksum
    format
  }
}`) as unknown as TypedDocumentString<CheckpointSavedSubscription, CheckpointSavedSubscriptionVariables>;
export const CompareCurvesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query CompareCurves($ids: [ID!]!, $maxPoints: Int) {
  experiments(filter: {ids: $ids}, first: 20) {
    nodes {
      id
      series(maxPoints: $maxPoints) {
        ...Curve
      }
    }
  }
}
    fragment Curve on MetricSeries {
  name
  epochs
  values
  totalPoints
  sampled
}`) as unknown as TypedDocumentString<CompareCurvesQuery, CompareCurvesQueryVariables>;
export const CompareDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Compare($ids: [ID!]!) {
  compareExperiments(ids: $ids) {
    experiments {
      ...RunRow
    }
    configDiff {
      path
      values
    }
    metricDiff {
      path
      values
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<CompareQuery, CompareQueryVariables>;
export const FindExperimentsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query FindExperiments($filter: ExperimentFilter) {
  experiments(filter: $filter, first: 20) {
    nodes {
      ...Relative
    }
  }
}
    fragment Relative on Experiment {
  id
  name
  status
  liveness
  startTime
  metrics {
    bestValLoss
    totalEpochs
  }
}`) as unknown as TypedDocumentString<FindExperimentsQuery, FindExperimentsQueryVariables>;
export const ChallengesDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Challenges {
  bestPerChallenge {
    challenge
    experimentCount
  }
}
    `) as unknown as TypedDocumentString<ChallengesQuery, ChallengesQueryVariables>;
export const LeaderboardDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription Leaderboard($challenge: Int!, $first: Int!, $metric: String!, $direction: OrderDirection!) {
  leaderboard(
    challenge: $challenge
    first: $first
    metric: $metric
    direction: $direction
  ) {
    ...RunRow
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<LeaderboardSubscription, LeaderboardSubscriptionVariables>;
export const SubjectsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Subjects($filter: SubjectFilter, $orderBy: [SubjectOrder!], $first: Int, $after: String) {
  subjects(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes {
      ...SubjectRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SubjectRow on Subject {
  id
  subjectId
  age
  sex
  handedness
  releases
  hasEeg
  hasPhenotypic
  splits {
    challenge1
    challenge2
  }
  dateAdded
}`) as unknown as TypedDocumentString<SubjectsQuery, SubjectsQueryVariables>;
export const SubjectFacetsDocument = /*#__PURE__*/ new TypedDocumentString(`
    query SubjectFacets($filter: SubjectFilter) {
  matching: subjectFacets(filter: $filter) {
    ...Facets
  }
  all: subjectFacets {
    ...Facets
  }
}
    fragment Facets on SubjectFacets {
  total
  byRelease {
    value
    count
  }
  bySex {
    value
    count
  }
  byChallenge1Split {
    value
    count
  }
  byChallenge2Split {
    value
    count
  }
  ageHistogram {
    from
    to
    count
  }
}`) as unknown as TypedDocumentString<SubjectFacetsQuery, SubjectFacetsQueryVariables>;
export const SubjectDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Subject($subjectId: String!) {
  subject(subjectId: $subjectId) {
    ...SubjectRow
    hasDemographics
    phenotypic
    lastProcessed
    eegQuality {
      nChannels
      samplingRate
      durationSeconds
      artifactRatio
      all
    }
    experiments(first: 20) {
      totalCount
      nodes {
        ...Relative
      }
    }
  }
}
    fragment Relative on Experiment {
  id
  name
  status
  liveness
  startTime
  metrics {
    bestValLoss
    totalEpochs
  }
}
fragment SubjectRow on Subject {
  id
  subjectId
  age
  sex
  handedness
  releases
  hasEeg
  hasPhenotypic
  splits {
    challenge1
    challenge2
  }
  dateAdded
}`) as unknown as TypedDocumentString<SubjectQuery, SubjectQueryVariables>;
export const SubjectChangedDocument = /*#__PURE__*/ new TypedDocumentString(`
    subscription SubjectChanged($subjectId: String, $after: String) {
  subjectChanged(subjectId: $subjectId, after: $after) {
    kind
    cursor
    id
  }
}
    `) as unknown as TypedDocumentString<SubjectChangedSubscription, SubjectChangedSubscriptionVariables>;
export const ServerInfoDocument = /*#__PURE__*/ new TypedDocumentString(`
    query ServerInfo {
  serverInfo {
    version
    database
    databaseVersion
  }
}
    `) as unknown as TypedDocumentString<ServerInfoQuery, ServerInfoQueryVariables>;
export const UpdateExperimentDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation UpdateExperiment($input: UpdateExperimentInput!) {
  updateExperiment(input: $input) {
    experiment {
      ...RunRow
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<UpdateExperimentMutation, UpdateExperimentMutationVariables>;
export const UpdateExperimentStatusDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation UpdateExperimentStatus($input: UpdateExperimentStatusInput!) {
  updateExperimentStatus(input: $input) {
    experiment {
      ...RunRow
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<UpdateExperimentStatusMutation, UpdateExperimentStatusMutationVariables>;
export const FailStalledExperimentsDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation FailStalledExperiments($silentForSeconds: Int!) {
  failStalledExperiments(silentForSeconds: $silentForSeconds) {
    experiments {
      ...RunRow
    }
  }
}
    fragment RunRow on Experiment {
  id
  name
  challenge
  status
  liveness
  model {
    name
  }
  config {
    maxEpochs
    all
  }
  dataset {
    releases
  }
  metrics {
    bestValLoss
    bestEpoch
    totalEpochs
    finalTrainLoss
    finalValLoss
    trainingTimeHours
    values
  }
  startTime
  endTime
  lastSeenAt
  createdBy
  hostname
  tags
  note
}`) as unknown as TypedDocumentString<FailStalledExperimentsMutation, FailStalledExperimentsMutationVariables>;
export const DeleteExperimentDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation DeleteExperiment($id: ID!) {
  deleteExperiment(id: $id) {
    id
    deletedEpochs
    deletedCheckpoints
  }
}
    `) as unknown as TypedDocumentString<DeleteExperimentMutation, DeleteExperimentMutationVariables>;
export const ViewerDocument = /*#__PURE__*/ new TypedDocumentString(`
    query Viewer {
  viewer {
    name
    role
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
