import path from 'node:path';
import { killProcesses, startProcess, startProgram, until } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';
import { CREATE } from '../kit/seed';

const WRITERS = 50;
const EPOCHS = 20;
const SHARED_EPOCHS = 5;
const RUN = `query ($id: ID!) {
  experiment(id: $id) {
    name epochCount
    metrics { totalEpochs bestValLoss bestEpoch finalValLoss finalTrainLoss }
    epochs(first: 1000) { nodes { id epoch metrics { valLoss trainLoss } } }
    checkpoints(first: 1000) { nodes { epoch isBest } }
    bestCheckpoint { epoch }
  }
}`;

interface Written {
  id: string;
  outcomes: { own: string[]; shared: string[] };
}

let store: ProcessStore;

beforeEach(() => (store = newStore()));
afterEach(async () => {
  await killProcesses();
  await store.remove();
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

it(`${WRITERS} processes log at once: no error, no epoch missing, none doubled, and the metrics right`, async () => {
  const server = await startProcess({ env: store.env, cwd: store.folder });
  const { createExperiment: created } = await server.data(CREATE, { input: { name: 'shared' } });
  const shared = created.experiment.id as string;
  const script = path.join(__dirname, 'trainer.cjs');
  const writers = numbers(WRITERS).map((index) =>
    startProgram(process.execPath, [script, server.url, String(index), shared], { cwd: store.folder }),
  );
  await until(
    () => writers.every(({ stdout }) => stdout() === 'ready\n'),
    () => 'The writers are not ready.',
    30_000,
  );
  for (const { child } of writers) child.stdin.end('begin\n');
  const exits = await Promise.all(writers.map(({ exited }) => exited));
  expect(exits.map(({ stderr }) => stderr).filter((text) => text !== '')).toEqual([]);
  expect(exits.map(({ code }) => code)).toEqual(exits.map(() => 0));
  const written = exits.map(({ stdout }) => JSON.parse(stdout.split('\n')[1]!) as Written);

  for (const [index, { id, outcomes }] of written.entries()) {
    const { experiment: run } = await server.data(RUN, { id });
    const best = index % EPOCHS;
    expect(run.epochs.nodes.map(({ epoch, metrics }: any) => [epoch, metrics.valLoss, metrics.trainLoss])).toEqual(
      numbers(EPOCHS).map((epoch) => [epoch, 0.5 + Math.abs(epoch - best), 20 - epoch]),
    );
    expect(run).toMatchObject({
      name: `writer ${index}`,
      epochCount: EPOCHS,
      metrics: {
        totalEpochs: EPOCHS,
        bestValLoss: 0.5,
        bestEpoch: best,
        finalValLoss: 0.5 + Math.abs(EPOCHS - 1 - best),
        finalTrainLoss: 1,
      },
      checkpoints: {
        nodes: [
          { epoch: 11, isBest: true },
          { epoch: 3, isBest: false },
        ],
      },
      bestCheckpoint: { epoch: 11 },
    });
    expect(outcomes.own.filter((outcome) => outcome === 'CREATED')).toHaveLength(EPOCHS);
    expect(new Set(outcomes.own)).toEqual(new Set(['CREATED', 'UNCHANGED']));
  }

  const { experiment: run } = await server.data(RUN, { id: shared });
  expect(run.epochs.nodes.map(({ epoch, metrics }: any) => [epoch, metrics.valLoss])).toEqual(
    numbers(SHARED_EPOCHS).map((epoch) => [epoch, 2 - epoch / 10]),
  );
  const last = SHARED_EPOCHS - 1;
  expect(run.metrics).toEqual({
    totalEpochs: SHARED_EPOCHS,
    bestValLoss: 2 - last / 10,
    bestEpoch: last,
    finalValLoss: 2 - last / 10,
    finalTrainLoss: last,
  });
  const outcomes = written.flatMap((writer) => writer.outcomes.shared);
  expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(SHARED_EPOCHS);
  expect(outcomes.filter((outcome) => outcome !== 'CREATED' && outcome !== 'UNCHANGED')).toEqual([]);
  const checkpoints = run.checkpoints.nodes as { epoch: number; isBest: boolean }[];
  expect(checkpoints.map(({ epoch }) => epoch)).toEqual(numbers(WRITERS).reverse());
  const isBest = checkpoints.filter((checkpoint) => checkpoint.isBest);
  expect(isBest).toEqual([{ epoch: run.bestCheckpoint.epoch, isBest: true }]);
  expect(server.stderr()).toBe('');
}, 60_000);
