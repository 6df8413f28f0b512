import {
  freePort,
  killProcesses,
  runCommand,
  startCommand,
  startProcess,
  until,
  type ServerProcess,
} from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';
import { CREATE, LOG_EPOCH } from '../kit/seed';

const END = `mutation ($input: UpdateExperimentStatusInput!) {
  updateExperimentStatus(input: $input) { experiment { status } }
}`;

let store: ProcessStore;
let server: ServerProcess;

beforeEach(async () => {
  store = newStore();
  server = await startProcess({ env: store.env, cwd: store.folder });
});
afterEach(async () => {
  await killProcesses();
  await store.remove();
});

const watch = (...args: string[]) => startCommand(['watch', '--url', server.url, ...args], { cwd: store.folder });
const create = async (name: string): Promise<string> =>
  (await server.data(CREATE, { input: { name } })).createExperiment.experiment.id as string;
const log = (experimentId: string, epoch: number): Promise<unknown> =>
  server.data(LOG_EPOCH, {
    input: { experimentId, epoch, metrics: { train_loss: 4 / (epoch + 1), val_loss: epoch === 3 ? 'NaN' : 5 - epoch } },
  });

describe('epochgraph watch, written to a pipe', () => {
  it('prints a line an epoch of the run that goes on, those before and those after it came, and ends with the run', async () => {
    await server.data(END, { input: { experimentId: await create('over'), status: 'COMPLETED' } });
    const id = await create('going');
    await log(id, 0);
    await log(id, 1);
    const watching = watch();
    for (let epoch = 1; epoch <= 4; epoch++) {
      if (epoch > 1) await log(id, epoch);
      await until(
        () => watching.stdout().includes(`epoch     ${epoch}`),
        () => `Epoch ${epoch} is not shown: ${watching.stdout()}${watching.stderr()}`,
      );
    }
    await log(id, 1); // A retry: nothing new.
    await server.data(END, { input: { experimentId: id, status: 'COMPLETED' } });
    expect(await watching.exited).toEqual({
      code: 0,
      signal: null,
      stdout: [
        `Experiment going (${id})`,
        'epoch     0   train_loss 4   val_loss 5',
        'epoch     1   train_loss 2   val_loss 4',
        'epoch     2   train_loss 1.333   val_loss 3',
        'epoch     3   train_loss 1   val_loss NaN',
        'epoch     4   train_loss 0.8000   val_loss 1',
        'completed after 5 epochs; best val_loss 1 at epoch 4',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('ends at Ctrl-C, while the run goes on, and says in a sentence what it cannot do', async () => {
    const id = await create('going');
    await log(id, 0);
    const watching = watch(id);
    await until(
      () => watching.stdout().includes('epoch     0'),
      () => `Nothing is shown: ${watching.stdout()}${watching.stderr()}`,
    );
    const exit = await watching.stop('SIGINT');
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    expect(exit.stdout).toMatch(/\nNo longer watching; the run goes on\.\n$/);

    const unknown = '0123456789abcdef01234567';
    expect(await watch(unknown).exited).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `There is no experiment ${unknown} at ${server.url}.\n`,
    });
    const nobody = `http://127.0.0.1:${await freePort()}/graphql`;
    const { code, stderr } = await runCommand(['watch', '--url', nobody], { cwd: store.folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^No Epochgraph server answers at .* Start one with `npm start`\.\n$/);
  });
});
