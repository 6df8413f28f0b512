import { sendOverHttp } from '../kit/guarded';
import { killProcesses, runCommand, startProcess, startCommand, until } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';

let store: ProcessStore;
beforeEach(() => {
  store = newStore();
});
afterEach(async () => {
  await killProcesses();
  await store.remove();
});

const token = (...args: string[]) =>
  runCommand(['token', ...args], { env: { ...store.env, LOG_LEVEL: 'warn' }, cwd: store.folder });
const WHO = '{ viewer { name role } }';

it('makes, lists and revokes tokens, beside a running server and without one', async () => {
  expect((await token('list')).stdout).toMatch(/There are no tokens/);
  const made = await token('create', 'the lab’s cluster', '--role', 'TRAINER', '--expires', '90');
  expect(made.code).toBe(0);
  // Alone on stdout, for a script to take.
  expect(made.stdout).toMatch(/^egt_[0-9a-f]{24}_[\w-]{43}\n$/);
  expect(made.stderr).toMatch(/TRAINER, for "the lab’s cluster", until \d{4}-.*shown this once/);
  const secret = made.stdout.trim();

  const server = await startProcess({ env: { ...store.env, REQUIRE_TOKENS: 'true' }, cwd: store.folder });
  expect((await sendOverHttp(server.url, WHO, {}, secret)).data.viewer).toEqual({
    name: 'the lab’s cluster',
    role: 'TRAINER',
  });
  const other = await token('create', 'me', '--role', 'ADMIN');
  expect((await sendOverHttp(server.url, WHO, {}, other.stdout.trim())).data.viewer.role).toBe('ADMIN');

  const list = (await token('list')).stdout;
  expect(list.split('\n').filter(Boolean)).toHaveLength(2);
  expect(list).toMatch(/TRAINER .*until .*"the lab’s cluster"/);
  expect(list).toMatch(/ADMIN .*"me"/);
  expect(list).not.toContain(secret.slice(29));

  const id = secret.slice(4, 28);
  expect(await token('revoke', id)).toMatchObject({ code: 0, stdout: `Token ${id} is revoked.\n` });
  await until(
    async () => (await sendOverHttp(server.url, WHO, {}, secret)).errors?.[0]?.extensions.code === 'UNAUTHENTICATED',
    () => 'It still lets somebody in.',
  );
  expect(await token('revoke', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no token') });
}, 60_000);

it.each([
  [['create', 'x'], /--role/],
  [['create', 'x', '--role', 'ROOT'], /READER, TRAINER, ADMIN/],
  [['create', ' ', '--role', 'READER'], /name: is blank/],
  [['create', 'x', '--role', 'READER', '--expires', 'soon'], /--expires takes a number of days/],
  [['create', 'x', '--role', 'READER', '--expires', '2020-01-01'], /expiresAt: .* in the future/],
  [['revoke', 'nothing'], /"nothing" is not an id/],
])(
  'refuses %j with a sentence, and makes nothing',
  async (args, sentence) => {
    const { code, stderr, stdout } = await token(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
  },
  30_000,
);

it('lets `watch` in by EPOCHGRAPH_TOKEN, and says what is missing without', async () => {
  const secret = (await token('create', 'watcher', '--role', 'READER')).stdout.trim();
  const admin = (await token('create', 'trainer', '--role', 'TRAINER')).stdout.trim();
  const server = await startProcess({ env: { ...store.env, REQUIRE_TOKENS: 'true' }, cwd: store.folder });
  const create = 'mutation { createExperiment(input: { name: "watched" }) { experiment { id } } }';
  const { data } = await sendOverHttp(server.url, create, {}, admin);
  const id = data.createExperiment.experiment.id as string;
  const refused = await runCommand(['watch', id, '--url', server.url], { cwd: store.folder });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/asks for a token/);
  const watching = startCommand(['watch', id, '--url', server.url], {
    env: { EPOCHGRAPH_TOKEN: secret },
    cwd: store.folder,
  });
  const log = `mutation ($id: ID!) {
    logEpoch(input: { experimentId: $id, epoch: 7, metrics: { val_loss: 0.4375 } }) { outcome }
    updateExperimentStatus(input: { experimentId: $id, status: COMPLETED }) { experiment { id } }
  }`;
  expect((await sendOverHttp(server.url, log, { id }, admin)).errors).toBeUndefined();
  expect(await watching.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('0.4375') });
}, 60_000);

it('does not serve other machines without a token', async () => {
  const { code, stderr } = await runCommand(['serve'], {
    env: { ...store.env, HOST: '0.0.0.0', PORT: '0' },
    cwd: store.folder,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/every caller needs a token, and there is none yet/);
  const ADMIN_TOKEN = 'of-the-environment-0123456789abcdef';
  const server = await startProcess({ env: { ...store.env, HOST: '0.0.0.0', ADMIN_TOKEN }, cwd: store.folder });
  expect((await sendOverHttp(server.url, WHO, {}, ADMIN_TOKEN)).data.viewer).toEqual({
    name: 'ADMIN_TOKEN',
    role: 'ADMIN',
  });
  expect((await sendOverHttp(server.url, WHO, {}, `${ADMIN_TOKEN}x`)).errors![0]!.extensions.code).toBe(
    'UNAUTHENTICATED',
  );
}, 60_000);
