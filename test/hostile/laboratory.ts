import { Double, ObjectId, type Document } from 'mongodb';
import { EJSON } from 'bson';
import { COLLECTION_NAMES } from '../../src/stores/collections';
import type { Database } from '../../src/stores/database';
import type { Stored } from './inputs';

const EXPERIMENT = new ObjectId('6700000000000000000000e1');
const OTHER = new ObjectId('6700000000000000000000e2');
const CHECKPOINT = new ObjectId('6700000000000000000000c1');
const SUBJECT = 'sub-NDAR0001';

/** The records that hostile inputs are sent to. */
export const STORED: Stored = {
  experiment: EXPERIMENT.toHexString(),
  checkpoint: CHECKPOINT.toHexString(),
  subject: SUBJECT,
};

function documents(): Record<(typeof COLLECTION_NAMES)[number], Document[]> {
  const time = new Date('2025-10-20T12:00:00Z');
  const epoch = (number: number) => ({
    _id: new ObjectId(`67000000000000000000e00${number}`),
    experiment_id: EXPERIMENT,
    epoch: number,
    metrics: { val_loss: new Double(1 / (number + 1)) },
    timestamp: time,
    version: 1,
  });
  const run = { status: 'running', start_time: time, last_seen_at: time, config: {}, metrics: {}, tags: ['a'] };
  return {
    experiments: [
      { _id: EXPERIMENT, experiment_name: 'one', challenge: 1, ...run },
      { _id: OTHER, experiment_name: 'other', ...run, status: 'completed', end_time: time },
    ],
    epochs: [0, 1, 2].map(epoch),
    checkpoints: [
      { _id: CHECKPOINT, experiment_id: EXPERIMENT, epoch: 1, is_best: true, file: { path: '1.pt' }, timestamp: time },
    ],
    subjects: [
      {
        _id: new ObjectId('67000000000000000000005b'),
        subject_id: SUBJECT,
        age: 9.5,
        releases: ['R1'],
        date_added: time,
      },
    ],
  };
}

/** Puts the records there, and nothing else. */
export async function fill({ collections }: Database): Promise<void> {
  const made = documents();
  for (const name of COLLECTION_NAMES) {
    await collections[name].deleteMany({});
    await collections[name].insertMany(made[name]);
  }
}

/** Everything that is stored, as text, by one command. */
export async function everythingIn({ collections }: Database): Promise<string> {
  const [first, ...others] = COLLECTION_NAMES;
  const rows = await collections[first]
    .aggregate([
      { $sort: { _id: 1 } },
      ...others.map((coll) => ({ $unionWith: { coll, pipeline: [{ $sort: { _id: 1 } }] } })),
    ])
    .toArray();
  return EJSON.stringify(rows, { relaxed: false });
}
