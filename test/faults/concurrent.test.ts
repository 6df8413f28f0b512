import { ObjectId } from 'mongodb';
import { newDatabaseUri } from '../kit/database';
import { form, newRandom } from '../kit/long-form';
import { createExperiment, LOG_EPOCH, SAVE } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';
import { recompute } from './recomputation';
import { faultsOf, readAll } from './stored';

/*
 * Many writers at once, through several servers on one database: one server alone would put them in a queue.
 */

const SERVERS = 4;
const WRITERS = 50;
const ROUNDS = form(1, 20);
/** At once, each with its own run; in the long form as many as a cluster may have. */
const TRAINERS = form(30, 200);
const EPOCHS = form(10, 50);
const TEST_MS = form(120_000, 3_600_000);
const random = newRandom('concurrent');

let servers: TestServer[];

beforeAll(async () => {
  const mongodbUri = newDatabaseUri();
  servers = await Promise.all(Array.from({ length: SERVERS }, () => startServer({ mongodbUri })));
});
afterAll(async () => {
  await Promise.all(servers.slice(1).map((server) => server.stop()));
  await servers[0]!.close();
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const serverOf = (index: number): TestServer => servers[index % SERVERS]!;
const collections = () => servers[0]!.stores.database.collections;

/** The answers of all writers, none of which may be an error. */
async function answersOf(calls: Promise<{ errors?: unknown; data: any }>[]): Promise<any[]> {
  const answers = await Promise.all(calls);
  expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  return answers.map(({ data }) => data);
}

it(
  `${WRITERS} writers of one epoch of one experiment end as one document, without an error`,
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const experimentId = await createExperiment(servers[0]!);
      const values = random.chance(0.5) ? 1 : 5;
      const answers = await answersOf(
        numbers(WRITERS).map((index) => {
          const input = { experimentId, epoch: 7, metrics: { val_loss: index % values } };
          return serverOf(index).query(LOG_EPOCH, { input });
        }),
      );
      const outcomes = answers.map(({ logEpoch }) => logEpoch.outcome as string);
      expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(1);
      if (values === 1) expect(outcomes.filter((outcome) => outcome === 'UNCHANGED')).toHaveLength(WRITERS - 1);
      const stored = await collections()
        .epochs.find({ experiment_id: new ObjectId(experimentId) })
        .toArray();
      expect(stored).toHaveLength(1);
      expect(new Set(answers.map(({ logEpoch }) => logEpoch.epoch.id))).toEqual(new Set([String(stored[0]!._id)]));
      expect(stored[0]!.version).toBe(1 + outcomes.filter((outcome) => outcome === 'REPLACED').length);
    }
  },
  TEST_MS,
);

it(
  `${WRITERS} callers of isBest at once leave exactly one best, which is one of theirs`,
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const experimentId = await createExperiment(servers[0]!);
      const answers = await answersOf(
        numbers(WRITERS).map((epoch) => {
          const input = { experimentId, epoch, isBest: true, file: { path: `${epoch}.pt` } };
          return serverOf(epoch).query(SAVE, { input });
        }),
      );
      const stored = await collections()
        .checkpoints.find({ experiment_id: new ObjectId(experimentId) })
        .toArray();
      expect(stored).toHaveLength(WRITERS);
      const best = stored.filter(({ is_best }) => is_best === true);
      expect(best).toHaveLength(1);
      expect(answers.map(({ saveCheckpoint }) => saveCheckpoint.checkpoint.id)).toContain(String(best[0]!._id));
    }
  },
  TEST_MS,
);

it(
  `${TRAINERS} trainers with ${EPOCHS} epochs each at once: every one stored, the metrics as recomputed`,
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ids = await Promise.all(numbers(TRAINERS).map((index) => createExperiment(serverOf(index))));
      await Promise.all(
        ids.map(async (experimentId, index) => {
          for (const epoch of numbers(EPOCHS)) {
            const metrics = { val_loss: random.chance(0.05) ? 'NaN' : random.next(), train_loss: random.next() };
            await answersOf([serverOf(index + epoch).query(LOG_EPOCH, { input: { experimentId, epoch, metrics } })]);
          }
        }),
      );
      const stored = await readAll(servers[0]!.stores.database.db);
      const mine = new Set(ids);
      const epochs = stored.epochs.filter(({ experiment_id }) => mine.has(String(experiment_id)));
      expect(epochs).toHaveLength(TRAINERS * EPOCHS);
      expect(faultsOf(stored)).toEqual([]);
      const [id] = ids;
      const { metrics } = stored.experiments.find(({ _id }) => String(_id) === id)!;
      expect(metrics).toEqual(recompute(epochs.filter(({ experiment_id }) => String(experiment_id) === id)));
      for (const name of ['epochs', 'checkpoints', 'experiments'] as const) await collections()[name].deleteMany({});
    }
  },
  TEST_MS,
);
