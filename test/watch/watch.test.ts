import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchExperiment, type WatchEnd } from '../../src/watch';
import { FakeApi } from './fake-api';

describe('watchExperiment', () => {
  let api: FakeApi;
  let url: string;
  let shown: string;
  let stop: AbortController;
  let ended: Promise<WatchEnd> | undefined;

  beforeEach(async () => {
    api = new FakeApi();
    url = await api.start();
    shown = '';
    stop = new AbortController();
    ended = undefined;
  });

  afterEach(async () => {
    stop.abort();
    await ended?.catch(() => undefined);
    await api.close();
  });

  const watch = ({ isTty = false, experimentId }: { isTty?: boolean; experimentId?: string } = {}) => {
    const out = new PassThrough().on('data', (chunk: Buffer) => (shown += chunk.toString()));
    return (ended = watchExperiment({ url, experimentId, out, isTty, signal: stop.signal }));
  };

  const until = async (condition: () => boolean) => {
    const deadline = Date.now() + 5_000;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`Waited in vain for ${condition.toString()}. Shown so far:\n${shown}`);
      await sleep(5);
    }
  };

  it('prints the stored epochs, each new one, and how the run ended', async () => {
    api.log(1, 1.25);
    const end = watch();
    await until(() => shown.includes('epoch     0'));
    api.log(0.5, 'NaN');
    await until(() => shown.includes('epoch     1'));
    api.setStatus('COMPLETED');
    await expect(end).resolves.toBe('COMPLETED');
    expect(shown.split('\n')).toEqual([
      'Experiment first (run-1)',
      'epoch     0   train_loss 1   val_loss 1.250',
      'epoch     1   train_loss 0.5000   val_loss NaN',
      'completed after 2 epochs; best val_loss 0.5000 at epoch 1',
      '',
    ]);
  });

  it('shows a run that has ended already', async () => {
    api.log(1, 2);
    api.run.status = 'FAILED';
    await expect(watch({ experimentId: 'run-1' })).resolves.toBe('FAILED');
    expect(shown).toContain('epoch     0');
    expect(shown).toContain('failed after 1 epochs');
  });

  it('continues behind the last epoch after a lost connection', async () => {
    const end = watch();
    await until(() => api.subscribers('epochLogged') === 1);
    api.log(3, 3);
    await until(() => shown.includes('epoch     0'));
    api.dropConnections();
    await until(() => shown.includes('The connection is lost') && api.subscribers('epochLogged') === 0);
    api.log(2, 2);
    await until(() => shown.includes('epoch     1'));
    api.setStatus('STOPPED');
    await expect(end).resolves.toBe('STOPPED');
    expect(api.epochArguments).toEqual([
      { experimentId: 'run-1', afterEpoch: -1 },
      { experimentId: 'run-1', after: '0' },
    ]);
    expect(shown.match(/^epoch/gm)).toHaveLength(2);
  });

  it('begins anew when the server asks for it, without repeating what is shown', async () => {
    const end = watch();
    await until(() => api.subscribers('epochLogged') === 1);
    api.log(3, 3);
    await until(() => shown.includes('epoch     0'));
    api.requireResync();
    await until(() => api.epochArguments.length === 2);
    api.log(2, 2);
    await until(() => shown.includes('epoch     1'));
    api.setStatus('COMPLETED');
    await end;
    expect(api.epochArguments[1]).toEqual({ experimentId: 'run-1', afterEpoch: -1 });
    expect(shown.match(/^epoch/gm)).toHaveLength(2);
    expect(shown).not.toContain('The connection is lost');
  });

  it('waits for a run to start where none is running', async () => {
    api.isRunKnown = false;
    const end = watch();
    await until(() => shown.includes('Waiting for one to start') && api.subscribers('experimentChanged') === 1);
    api.isRunKnown = true;
    api.setStatus('RUNNING');
    await until(() => api.subscribers('epochLogged') === 1 && api.subscribers('experimentChanged') === 1);
    api.log(1, 1);
    api.setStatus('COMPLETED');
    await expect(end).resolves.toBe('COMPLETED');
  });

  it('notices an end that came before its subscription stood', async () => {
    const end = watch();
    await until(() => shown.includes('Experiment first'));
    api.run.status = 'COMPLETED';
    await expect(end).resolves.toBe('COMPLETED');
  });

  it('draws over its own chart on a terminal', async () => {
    const end = watch({ isTty: true });
    await until(() => api.subscribers('epochLogged') === 1);
    api.log(3, 3);
    await until(() => shown.includes('val_loss 3'));
    api.log(2, 2);
    await until(() => shown.includes('val_loss 2'));
    api.setStatus('COMPLETED');
    await end;
    expect(shown).toMatch(/[⠁-⣿]/);
    expect(shown.split('\x1b[18A\x1b[J')).toHaveLength(2);
    expect(shown).toMatch(/completed after 2 epochs.*\n$/);
  });

  it('ends when interrupted, while it waits and while it watches', async () => {
    for (const isRunKnown of [false, true]) {
      api.isRunKnown = isRunKnown;
      stop = new AbortController();
      const end = watch();
      await until(() => api.subscribers('experimentChanged') === 1);
      stop.abort();
      await expect(end).resolves.toBe('INTERRUPTED');
      await until(() => api.subscribers('experimentChanged') === 0);
    }
  });

  it('refuses with a sentence what it cannot do', async () => {
    await expect(watch({ experimentId: 'nobody' })).rejects.toThrow(`There is no experiment nobody at ${url}.`);
    await api.close();
    await expect(watch()).rejects.toThrow(/No Epochgraph server answers at .* Start one with `npm start`\./);
    await api.start();
  });
});
