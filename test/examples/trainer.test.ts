import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../kit/embedded';
import {
  freePort,
  killProcesses,
  startProcess,
  startProgram,
  until,
  type Exit,
  type ServerProcess,
  type TestProcess,
} from '../kit/process';
import { newEmbeddedStore, newStore, type ProcessStore } from '../kit/process-store';

const SCRIPT = path.join(REPOSITORY, 'examples/train_externalizing.py');
const TABLE = path.join(REPOSITORY, 'examples/synthetic/participants.tsv');
const RUNS = `{
  experiments {
    nodes {
      id name status note startTime endTime tags
      model { name parameters } config { batchSize maxEpochs optimizer }
      dataset { releases trainWindows valWindows }
      metrics { bestValLoss bestEpoch totalEpochs finalTrainLoss finalValLoss trainingTimeHours }
      epochCount
      epochs(first: 1000) {
        nodes { epoch metrics { trainLoss valLoss valMae valRmse valR2 learningRate } timing { durationSeconds } }
      }
      checkpoints(first: 1000) { nodes { epoch isBest metrics { valLoss } file { path sizeMb checksum format } } }
      bestCheckpoint { epoch }
    }
  }
}`;

/** What every ended run holds, however it ended, beside `run` itself: the record is consistent with itself. */
function expectConsistent(run: any): void {
  const epochs = run.epochs.nodes;
  expect(epochs.map(({ epoch }: any) => epoch)).toEqual(epochs.map((_: unknown, index: number) => index));
  expect(run.epochCount).toBe(epochs.length);
  const losses: number[] = epochs.map(({ metrics }: any) => metrics.valLoss);
  const best = Math.min(...losses);
  expect(run.metrics).toMatchObject({
    bestValLoss: best,
    bestEpoch: losses.indexOf(best),
    totalEpochs: epochs.length,
    finalValLoss: losses.at(-1),
    finalTrainLoss: epochs.at(-1).metrics.trainLoss,
  });
  expect(run.metrics.trainingTimeHours).toBeGreaterThan(0);
  expect(Date.parse(run.endTime)).toBeGreaterThan(Date.parse(run.startTime));
}

/** Each improvement has one checkpoint, the last of them is the best, and each file is what its record says. */
function expectCheckpoints(run: any, folder: string): void {
  const losses: number[] = run.epochs.nodes.map(({ metrics }: any) => metrics.valLoss);
  const improvements = losses.flatMap((loss, epoch) => (losses.slice(0, epoch).every((l) => loss < l) ? [epoch] : []));
  const checkpoints = run.checkpoints.nodes as any[];
  expect(checkpoints.map(({ epoch }) => epoch)).toEqual(improvements.toReversed());
  expect(checkpoints.map(({ isBest }) => isBest)).toEqual(checkpoints.map((_, index) => index === 0));
  expect(run.bestCheckpoint.epoch).toBe(run.metrics.bestEpoch);
  for (const { epoch, metrics, file } of checkpoints) {
    const content = readFileSync(path.resolve(folder, file.path));
    expect(file.checksum).toBe(`sha256:${createHash('sha256').update(content).digest('hex')}`);
    expect(file.sizeMb).toBeCloseTo(statSync(path.resolve(folder, file.path)).size / 2 ** 20, 10);
    expect(file.format).toBe('json');
    expect(JSON.parse(content.toString())).toMatchObject({ epoch });
    expect(metrics.valLoss).toBe(losses[epoch]);
  }
}

/** What a trainer wrote, but for how far its delivery is at the end: on a busy machine it says so. */
function withoutProgress(text: string): string {
  return text.replace(/^epochgraph: \d+ records are still to be delivered.*\n/gm, '');
}

const python = spawnSync('python3', ['--version'], { encoding: 'utf8' });

if (python.error) {
  console.warn(
    `The example trainer was NOT tested: python3 can't be run here (${python.error.message}). Install it to have it tested.`,
  );
  it('the example trainer was NOT run: there is no python3 on this machine', () => {
    expect(python.error).toBeDefined();
  });
} else {
  describe('the example trainer', () => {
    let store: ProcessStore;

    afterEach(async () => {
      await killProcesses();
      await store.remove();
    });

    const env = (): NodeJS.Dict<string> => ({ EPOCHGRAPH_SPOOL: path.join(store.folder, 'spool') });
    const train = (url: string, ...args: string[]): TestProcess =>
      startProgram('python3', [SCRIPT, TABLE, '--url', url, '--name', 'run', ...args], {
        cwd: store.folder,
        env: env(),
      });
    /** Delivers what waits in the spool, as its user would. */
    const sync = (url: string): Promise<Exit> =>
      startProgram('python3', ['-m', 'epochgraph', 'sync', '--url', url], {
        cwd: path.join(REPOSITORY, 'clients/python'),
        env: { ...env(), PYTHONDONTWRITEBYTECODE: '1' },
      }).exited;
    const serve = (env: NodeJS.Dict<string> = {}): Promise<ServerProcess> =>
      startProcess({ env: { ...store.env, ...env }, cwd: store.folder });
    const onlyRun = async (server: ServerProcess): Promise<any> => {
      const { experiments } = await server.data(RUNS);
      expect(experiments.nodes).toHaveLength(1);
      return experiments.nodes[0];
    };
    const epochLines = ({ stdout }: TestProcess): string[] => stdout().match(/^epoch +\d+ .*$/gm) ?? [];

    it('learns, and its run is completed with each epoch once and the best weights on disk', async () => {
      store = newStore();
      const server = await serve();
      const trainer = train(server.url, '--epochs', '12', '--learning-rate', '0.002', '--tags', 'example,quick');
      const exit = await trainer.exited;
      expect({ ...exit, stderr: withoutProgress(exit.stderr) }).toMatchObject({ code: 0, stderr: '' });
      const run = await onlyRun(server);
      expect(exit.stdout).toContain(`experiment ${run.id}: run\n`);
      expect(epochLines(trainer)).toHaveLength(12);
      expect(run).toMatchObject({
        name: 'run',
        status: 'COMPLETED',
        note: null,
        tags: ['example', 'quick'],
        model: { name: 'TanhNetwork' },
        config: { batchSize: 32, maxEpochs: 12, optimizer: 'Adam' },
        dataset: { releases: ['synthetic'] },
        epochCount: 12,
      });
      const { trainWindows, valWindows } = run.dataset;
      expect(trainWindows + valWindows).toBeGreaterThan(350);
      expect(trainWindows).toBeGreaterThan(2 * valWindows);
      expectConsistent(run);
      expectCheckpoints(run, store.folder);
      // It learns: the loss ends well below what guessing the mean costs, and R² says the same.
      const [first, last] = [run.epochs.nodes[0].metrics, run.epochs.nodes[11].metrics];
      expect(last.valLoss).toBeLessThan(0.8 * first.valLoss);
      expect(last.trainLoss).toBeLessThan(0.8 * first.trainLoss);
      expect(last.valR2).toBeGreaterThan(first.valR2);
      expect(last.valLoss).toBeLessThan(1);
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 130],
    ] as const)('is stopped by %s, and its run says so', async (signal, code) => {
      store = newStore();
      const server = await serve();
      const trainer = train(server.url, '--epochs', '1000', '--hidden', '8', '--pause', '0.05');
      await until(
        () => epochLines(trainer).length >= 3,
        () => `The trainer does not train: ${trainer.stdout()}${trainer.stderr()}`,
        20_000,
      );
      await until(
        async () => (await server.data(RUNS)).experiments.nodes[0]?.status === 'RUNNING',
        () => 'The run was not delivered while it ran.',
      );
      const exit = await trainer.stop(signal);
      expect({ ...exit, stderr: withoutProgress(exit.stderr) }).toMatchObject({ code, stderr: 'stopped\n' });
      const run = await onlyRun(server);
      expect(run.status).toBe('STOPPED');
      // An epoch that was stored when the signal came may not have been printed.
      expect(run.epochCount - epochLines(trainer).length).toBeGreaterThanOrEqual(0);
      expect(run.epochCount - epochLines(trainer).length).toBeLessThanOrEqual(1);
      expectConsistent(run);
    });

    it('fails where its weights cannot be written, and its run says why', async () => {
      store = newStore();
      const server = await serve();
      writeFileSync(path.join(store.folder, 'taken'), '');
      const exit = await train(server.url, '--epochs', '5', '--hidden', '8', '--checkpoint-dir', 'taken/here').exited;
      expect(exit.code).toBe(1);
      const run = await onlyRun(server);
      expect(run).toMatchObject({ status: 'FAILED', epochCount: 1, checkpoints: { nodes: [] } });
      expect(run.note).toMatch(/^NotADirectoryError: .*taken/);
      expectConsistent(run);
    });

    it('goes on through a server that is killed and started again, and its run is whole', async () => {
      store = newEmbeddedStore();
      const port = await freePort();
      const server = await serve({ PORT: port });
      const trainer = train(server.url, '--epochs', '25', '--hidden', '8', '--pause', '0.05');
      await until(
        () => epochLines(trainer).length >= 3,
        () => `The trainer does not train: ${trainer.stdout()}${trainer.stderr()}`,
        20_000,
      );
      await server.stop('SIGKILL');
      const again = await serve({ PORT: port });
      expect(await trainer.exited).toMatchObject({ code: 0 });
      // Where the server came back too late for the trainer, its records wait.
      expect(await sync(again.url)).toMatchObject({ code: 0 });
      const run = await onlyRun(again);
      expect(run).toMatchObject({ status: 'COMPLETED', epochCount: 25 });
      expectConsistent(run);
      expectCheckpoints(run, store.folder);
    });

    it('trains without a server, says where its records wait, and they are delivered later', async () => {
      store = newStore();
      const nobody = `http://127.0.0.1:${await freePort()}/graphql`;
      const exit = await train(nobody, '--epochs', '3', '--hidden', '8').exited;
      expect(exit.code).toBe(0);
      expect(exit.stderr).toMatch(/\d+ records are not delivered \(.*\)\. They wait in the spool;.* sync /);
      const server = await serve();
      expect(await sync(server.url)).toMatchObject({ code: 0, stdout: expect.stringContaining(' 0 refused') });
      const run = await onlyRun(server);
      expect(run).toMatchObject({ status: 'COMPLETED', epochCount: 3 });
      expectConsistent(run);
      expectCheckpoints(run, store.folder);
    });

    it('says in a sentence that a table teaches nothing', async () => {
      store = newEmbeddedStore();
      writeFileSync(path.join(store.folder, 'few.tsv'), 'participant_id\texternalizing\nsub-A\t1\n');
      const few = startProgram('python3', [SCRIPT, 'few.tsv'], { cwd: store.folder, env: env() });
      expect(await few.exited).toMatchObject({
        code: 2,
        stderr: "Can't use these tables: too few subjects with a value for externalizing: 1\n",
      });
    });
  });
}
