import { isDeepStrictEqual } from 'node:util';
import { ObjectId, type Db, type Document } from 'mongodb';
import { newId } from '../kit/seed';
import type { Stored } from './stored';

/** Where a case takes place. */
export interface Arena {
  /** Runs a document and gives its data; repeats it after an outage. */
  send: (document: string, variables: Record<string, unknown>) => Promise<any>;
  /** The database itself, for what only time or another program brings about. */
  db: Db;
}

/** One call of a mutation, on records of its own. */
export interface Call {
  variables: Record<string, unknown>;
  /** What an undisturbed first call answers, at least. */
  first: Document;
  /** What every later call answers, at least. */
  repeated: Document;
  /** What is wrong with what is stored after any number of calls, of which one at least was acknowledged. */
  faults: (stored: Stored) => string[];
}

/** A mutation of the API under test. */
export interface MutationCase {
  document: string;
  /** Makes the records that a call is about. */
  prepare: (arena: Arena) => Promise<Call>;
  /** Counts in its answer that may be anything between first and repeated, after a call that was interrupted half-way. */
  mayCount?: readonly string[];
}

const CREATE = `mutation ($input: CreateExperimentInput!) {
  createExperiment(input: $input) { outcome experiment { id name } }
}`;
const LOG_EPOCHS = `mutation ($input: LogEpochsInput!) {
  logEpochs(input: $input) { created replaced unchanged errors { index code } }
}`;
const SAVE = `mutation ($input: SaveCheckpointInput!) {
  saveCheckpoint(input: $input) { outcome checkpoint { id epoch isBest } }
}`;
const UPSERT = `mutation ($subjects: [SubjectInput!]!) {
  upsertSubjects(subjects: $subjects) { created updated unchanged errors { index code } }
}`;

const PARTS = 'experiment { id name note tags status endTime metrics { values } }';

/** A loss whose lowest is neither the first nor the last. */
const lossOf = (epoch: number): number => 1 + ((epoch * 7 + 3) % 10) / 10;

const epochs = (from: number, to: number): Document[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    epoch: from + index,
    metrics: { train_loss: 2 * lossOf(from + index), val_loss: lossOf(from + index) },
    timing: { durationSeconds: 60 },
    timestamp: '2025-10-20T16:41:00.000Z',
  }));

async function newExperiment({ send }: Arena, count = 0): Promise<string> {
  const id = newId();
  await send(CREATE, { input: { id, name: `case ${id}`, tags: ['a', 'b'] } });
  if (count > 0) await send(LOG_EPOCHS, { input: { experimentId: id, epochs: epochs(0, count - 1) } });
  return id;
}

async function newCheckpoint({ send }: Arena, experimentId: string, epoch: number, isBest = false): Promise<string> {
  const id = newId();
  await send(SAVE, { input: { id, experimentId, epoch, isBest, file: { path: `${epoch}.pt` } } });
  return id;
}

async function newSubject({ send }: Arena): Promise<string> {
  const subjectId = `sub-${newId()}`;
  await send(UPSERT, { subjects: [{ subjectId, age: 9.5, releases: ['R1'], phenotypic: { p_factor: 0.5, old: 1 } }] });
  return subjectId;
}

const with_ = (documents: readonly Document[], id: unknown, field = '_id'): Document[] =>
  documents.filter((raw) => String(raw[field]) === String(id));

/** A fault for each difference between what is expected and what is there, by name. */
function differences(expected: Record<string, unknown>, found: Record<string, unknown>): string[] {
  return Object.entries(expected)
    .filter(([name, value]) => !isDeepStrictEqual(found[name], value))
    .map(([name, value]) => `${name} is ${JSON.stringify(found[name])} and should be ${JSON.stringify(value)}`);
}

function experimentOf(stored: Stored, id: string): Document {
  const found = with_(stored.experiments, id);
  return found.length === 1 ? found[0]! : { missing: `${found.length} experiments ${id}` };
}

const numbersOf = (stored: Stored, id: string): number[] =>
  with_(stored.epochs, id, 'experiment_id')
    .map(({ epoch }) => epoch as number)
    .sort((a, b) => a - b);

const checkpointsOf = (stored: Stored, id: string): string[] =>
  with_(stored.checkpoints, id, 'experiment_id')
    .sort((a, b) => a.epoch - b.epoch)
    .map(({ epoch, is_best }) => `${epoch}${is_best ? ' best' : ''}`);

/**
 * Every mutation of the schema by its name. What a fault, a retry or a repetition may do to any of them is tested with
 * these; a test fails where one is missing.
 */
export const CASES: Readonly<Record<string, MutationCase>> = {
  createExperiment: {
    document: CREATE,
    prepare: async (arena) => {
      const id = newId();
      const parentExperimentId = await newExperiment(arena);
      const input = { id, name: 'new', challenge: 2, config: { lr: 0.1 }, tags: ['x'], parentExperimentId };
      return {
        variables: { input },
        first: { outcome: 'CREATED', experiment: { id } },
        repeated: { outcome: 'UNCHANGED', experiment: { id } },
        faults: (stored) =>
          differences(
            { experiment_name: 'new', challenge: 2, config: { lr: 0.1 }, tags: ['x'], status: 'running' },
            experimentOf(stored, id),
          ),
      };
    },
  },
  updateExperiment: {
    document: `mutation ($input: UpdateExperimentInput!) { updateExperiment(input: $input) { ${PARTS} } }`,
    prepare: async (arena) => {
      const id = await newExperiment(arena, 2);
      const input = { id, name: 'renamed', note: 'n', addTags: ['c', 'd'], removeTags: ['a'], config: { lr: 0.5 } };
      const answer = { experiment: { id, name: 'renamed', note: 'n', tags: ['b', 'c', 'd'] } };
      return {
        variables: { input },
        first: answer,
        repeated: answer,
        faults: (stored) =>
          differences(
            { experiment_name: 'renamed', note: 'n', tags: ['b', 'c', 'd'], config: { lr: 0.5 } },
            experimentOf(stored, id),
          ),
      };
    },
  },
  updateExperimentStatus: {
    document: `mutation ($input: UpdateExperimentStatusInput!) { updateExperimentStatus(input: $input) { ${PARTS} } }`,
    prepare: async (arena) => {
      const id = await newExperiment(arena, 6);
      const answer = { experiment: { id, status: 'COMPLETED' } };
      return {
        variables: { input: { experimentId: id, status: 'COMPLETED', metrics: { accuracy: 0.75 }, note: 'done' } },
        first: answer,
        repeated: answer,
        faults: (stored) => {
          const found = experimentOf(stored, id);
          const { accuracy, training_time_hours } = (found.metrics ?? {}) as Document;
          return differences(
            { status: 'completed', note: 'done', ended: true, accuracy: 0.75, training_time_hours: 0.1 },
            { ...found, ended: found.end_time instanceof Date, accuracy, training_time_hours },
          );
        },
      };
    },
  },
  heartbeat: {
    document: 'mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { id status liveness } } }',
    prepare: async (arena) => {
      const id = await newExperiment(arena);
      const answer = { experiment: { id, status: 'RUNNING', liveness: 'ALIVE' } };
      return {
        variables: { id },
        first: answer,
        repeated: answer,
        faults: (stored) => {
          const { last_heartbeat_at: beat, last_seen_at: seen } = experimentOf(stored, id);
          return beat instanceof Date && seen instanceof Date && beat <= seen ? [] : [`${id} has no heartbeat`];
        },
      };
    },
  },
  failStalledExperiments: {
    document: `mutation ($seconds: Int!) {
      failStalledExperiments(silentForSeconds: $seconds) { experiments { id status } }
    }`,
    prepare: async (arena) => {
      const id = await newExperiment(arena, 3);
      const silent = new Date('2025-01-01T00:00:00.000Z');
      await arena.db
        .collection('experiments')
        .updateOne({ _id: new ObjectId(id) }, { $set: { last_seen_at: silent } }, { writeConcern: { w: 'majority' } });
      return {
        variables: { seconds: 86_400 },
        first: { experiments: [{ id, status: 'FAILED' }] },
        repeated: { experiments: [] },
        faults: (stored) =>
          differences({ status: 'failed', end_time: silent, last_seen_at: silent }, experimentOf(stored, id)),
      };
    },
  },
  deleteExperiment: {
    document: 'mutation ($id: ID!) { deleteExperiment(id: $id) { id deletedEpochs deletedCheckpoints } }',
    mayCount: ['deletedEpochs', 'deletedCheckpoints'],
    prepare: async (arena) => {
      const id = await newExperiment(arena, 12);
      await newCheckpoint(arena, id, 3);
      await newCheckpoint(arena, id, 7, true);
      return {
        variables: { id },
        first: { id, deletedEpochs: 12, deletedCheckpoints: 2 },
        repeated: { id, deletedEpochs: 0, deletedCheckpoints: 0 },
        faults: (stored) =>
          differences(
            { experiments: 0, epochs: [], checkpoints: [] },
            {
              experiments: with_(stored.experiments, id).length,
              epochs: numbersOf(stored, id),
              checkpoints: checkpointsOf(stored, id),
            },
          ),
      };
    },
  },
  rewindExperiment: {
    document: `mutation ($id: ID!, $to: Int!) {
      rewindExperiment(experimentId: $id, toEpoch: $to) { deletedEpochs deletedCheckpoints ${PARTS} }
    }`,
    mayCount: ['deletedEpochs', 'deletedCheckpoints'],
    prepare: async (arena) => {
      const id = await newExperiment(arena, 12);
      await newCheckpoint(arena, id, 3);
      await newCheckpoint(arena, id, 9, true);
      return {
        variables: { id, to: 4 },
        first: { deletedEpochs: 7, deletedCheckpoints: 1, experiment: { id } },
        repeated: { deletedEpochs: 0, deletedCheckpoints: 0, experiment: { id } },
        faults: (stored) =>
          differences(
            { epochs: [0, 1, 2, 3, 4], checkpoints: ['3'] },
            { epochs: numbersOf(stored, id), checkpoints: checkpointsOf(stored, id) },
          ),
      };
    },
  },
  logEpoch: {
    document: 'mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome epoch { epoch } } }',
    prepare: async (arena) => {
      const id = await newExperiment(arena, 5);
      const [epoch] = epochs(5, 5);
      return {
        variables: { input: { experimentId: id, ...epoch } },
        first: { outcome: 'CREATED', epoch: { epoch: 5 } },
        repeated: { outcome: 'UNCHANGED', epoch: { epoch: 5 } },
        faults: (stored) => {
          const found = with_(stored.epochs, id, 'experiment_id').find((raw) => raw.epoch === 5);
          return differences(
            { numbers: [0, 1, 2, 3, 4, 5], metrics: epoch!.metrics as Document, timing: { duration_seconds: 60 } },
            { numbers: numbersOf(stored, id), metrics: found?.metrics, timing: found?.timing },
          );
        },
      };
    },
  },
  logEpochs: {
    document: LOG_EPOCHS,
    prepare: async (arena) => {
      const id = await newExperiment(arena, 5);
      const worse = { epoch: 2, metrics: { train_loss: 1, val_loss: 9 } };
      const invalid = { epoch: -1, metrics: {} };
      const errors = [{ index: 9, code: 'BAD_USER_INPUT' }];
      return {
        variables: { input: { experimentId: id, epochs: [worse, ...epochs(4, 11), invalid] } },
        first: { created: 7, replaced: 1, unchanged: 1, errors },
        repeated: { created: 0, replaced: 0, unchanged: 9, errors },
        faults: (stored) => {
          const replaced = with_(stored.epochs, id, 'experiment_id').find((raw) => raw.epoch === 2);
          return differences(
            { numbers: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], metrics: worse.metrics, version: 2 },
            { numbers: numbersOf(stored, id), metrics: replaced?.metrics, version: replaced?.version },
          );
        },
      };
    },
  },
  saveCheckpoint: {
    document: SAVE,
    prepare: async (arena) => {
      const experimentId = await newExperiment(arena, 5);
      await newCheckpoint(arena, experimentId, 1, true);
      const id = newId();
      return {
        variables: { input: { id, experimentId, epoch: 4, isBest: true, file: { path: 'best.pt' } } },
        first: { outcome: 'CREATED', checkpoint: { id, epoch: 4, isBest: true } },
        repeated: { outcome: 'UNCHANGED', checkpoint: { id, epoch: 4, isBest: true } },
        faults: (stored) =>
          differences({ checkpoints: ['1', '4 best'] }, { checkpoints: checkpointsOf(stored, experimentId) }),
      };
    },
  },
  deleteCheckpoint: {
    document: 'mutation ($id: ID!) { deleteCheckpoint(id: $id) { id } }',
    prepare: async (arena) => {
      const experimentId = await newExperiment(arena, 2);
      await newCheckpoint(arena, experimentId, 0);
      const id = await newCheckpoint(arena, experimentId, 1, true);
      return {
        variables: { id },
        first: { id },
        repeated: { id },
        faults: (stored) => differences({ checkpoints: ['0'] }, { checkpoints: checkpointsOf(stored, experimentId) }),
      };
    },
  },
  upsertSubjects: {
    document: UPSERT,
    mayCount: ['created', 'updated', 'unchanged'],
    prepare: async (arena) => {
      const old = await newSubject(arena);
      const fresh = [`sub-${newId()}`, `sub-${newId()}`];
      const change = { subjectId: old, sex: 'F', phenotypic: { p_factor: 0.75, old: null, attention: 1 } };
      const subjects = [...fresh.map((subjectId) => ({ subjectId, age: 11, splits: { challenge1: 'VAL' } })), change];
      return {
        variables: { subjects },
        first: { created: 2, updated: 1, unchanged: 0, errors: [] },
        repeated: { created: 0, updated: 0, unchanged: 3, errors: [] },
        faults: (stored) =>
          [
            differences(
              { age: 9.5, sex: 'F', releases: ['R1'], phenotypic: { p_factor: 0.75, attention: 1 } },
              with_(stored.subjects, old, 'subject_id')[0] ?? {},
            ),
            ...fresh.map((subjectId) =>
              differences(
                { age: 11, splits: { challenge1_split: 'val' } },
                with_(stored.subjects, subjectId, 'subject_id')[0] ?? {},
              ),
            ),
          ].flat(),
      };
    },
  },
  deleteSubject: {
    document: 'mutation ($subjectId: String!) { deleteSubject(subjectId: $subjectId) { subjectId } }',
    prepare: async (arena) => {
      const subjectId = await newSubject(arena);
      return {
        variables: { subjectId },
        first: { subjectId },
        repeated: { subjectId },
        faults: (stored) =>
          with_(stored.subjects, subjectId, 'subject_id').map(() => `subject ${subjectId} is still there`),
      };
    },
  },
};

export const MUTATIONS = Object.keys(CASES);

/** Whether an answer holds what is expected, at least. */
export function holds(answer: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(answer, expected);
  if (typeof answer !== 'object' || answer === null) return false;
  if (Array.isArray(expected) && (answer as unknown[]).length !== expected.length) return false;
  return Object.entries(expected).every(([key, value]) => holds((answer as Record<string, unknown>)[key], value));
}

/**
 * What is wrong with the answer of a call that may follow an interrupted one: it must be that of a first call or of a
 * repeated one, but for counts that may lie between the two.
 */
export function faultsOfAnswer(name: string, { first, repeated }: Call, answer: Document): string[] {
  const { mayCount = [] } = CASES[name]!;
  const between = mayCount.every((field) => {
    const [low, high] = [first[field] as number, repeated[field] as number].sort((a, b) => a - b);
    return answer[field] >= low! && answer[field] <= high!;
  });
  const given = Object.fromEntries(mayCount.map((field) => [field, answer[field] as unknown]));
  const known = [first, repeated].some((expected) => holds(answer, { ...expected, ...given }));
  return between && known ? [] : [`${name} answered ${JSON.stringify(answer)}`];
}
