import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killProcesses, runCommand, startCommand, startProcess, type Exit } from '../kit/process';
import { newStore, type ProcessStore } from '../kit/process-store';
import { writeManyRuns } from './sqlite/legacy-database';

const stores: ProcessStore[] = [];

function store(): ProcessStore {
  const made = newStore();
  stores.push(made);
  return made;
}

afterEach(async () => {
  await killProcesses();
  await Promise.all(stores.splice(0).map(({ remove }) => remove()));
});

const env = (of: ProcessStore) => ({ ...of.env, LOG_LEVEL: 'warn', TZ: 'UTC' });
const run = (of: ProcessStore, ...args: string[]): Promise<Exit> => runCommand(args, { env: env(of), cwd: of.folder });

/** Runs a command to its end, having killed it with -9 as often as it lasts so long, after more time at each attempt. */
async function runKilled(of: ProcessStore, firstMs: number, ...args: string[]): Promise<{ exit: Exit; kills: number }> {
  for (let kills = 0, ms = firstMs; ; ms *= 1.6) {
    const command = startCommand(args, { env: env(of), cwd: of.folder });
    const ended = await Promise.race([command.exited, sleep(ms)]);
    if (ended) return { exit: ended, kills };
    await command.stop('SIGKILL');
    kills++;
  }
}

/** All documents, as an export has them. */
async function contents(of: ProcessStore, name = 'contents'): Promise<Record<string, string>> {
  const folder = path.join(of.folder, name);
  rmSync(folder, { recursive: true, force: true });
  expect(await run(of, 'export', folder)).toMatchObject({ code: 0, stderr: '' });
  return filesOf(folder);
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name !== 'manifest.json');
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

const lines = (text: string | undefined) => (text ?? '').split('\n').length - 1;

describe('killed with -9 at any moment and run again', () => {
  it('migrate-sqlite, export and import end as if they had not been', async () => {
    const [whole, killed, copy] = [store(), store(), store()];
    const file = writeManyRuns(whole.folder, 80, 100);
    expect(await run(whole, 'migrate-sqlite', file)).toMatchObject({ code: 0, stderr: '' });
    const expected = await contents(whole);
    expect(
      Object.values(expected)
        .map(lines)
        .sort((a, b) => a - b),
    ).toEqual([0, 80, 800, 8_000]);

    const migrated = await runKilled(killed, 900, 'migrate-sqlite', file);
    expect(migrated.exit).toMatchObject({ code: 0, stderr: '' });
    expect(migrated.kills).toBeGreaterThan(0);
    expect(await contents(killed)).toEqual(expected);

    const folder = path.join(killed.folder, 'export');
    const exported = await runKilled(killed, 450, 'export', folder);
    expect(exported.exit).toMatchObject({ code: 0, stderr: '' });
    expect(exported.kills).toBeGreaterThan(0);
    expect(filesOf(folder)).toEqual(expected);

    const imported = await runKilled(copy, 700, 'import', folder);
    expect(imported.exit).toMatchObject({ code: 0, stderr: '' });
    expect(imported.kills).toBeGreaterThan(0);
    expect(await contents(copy)).toEqual(expected);
  }, 240_000);

  it('import-bids and demo do, too, and demo --remove takes all of the demo', async () => {
    const [whole, killed] = [store(), store()];
    const rows = Array.from(
      { length: 3000 },
      (_, number) => `sub-${number}\tR1\t${5 + (number % 15)}\t${number / 1000}\n`,
    );
    for (const { folder } of [whole, killed]) {
      writeFileSync(
        path.join(folder, 'participants.tsv'),
        `participant_id\trelease_number\tage\tp_factor\n${rows.join('')}`,
      );
    }
    const splits = ['--challenge1-splits', '0.8:0.1:0.1', '--split-seed', '7'];
    expect(await run(whole, 'import-bids', 'participants.tsv', ...splits)).toMatchObject({ code: 0, stderr: '' });
    const imported = await runKilled(killed, 550, 'import-bids', 'participants.tsv', ...splits);
    expect(imported.exit).toMatchObject({ code: 0, stderr: '' });
    expect(imported.kills).toBeGreaterThan(0);
    // Their ids are made by the database, and the time at which they were added is that of the import.
    const plain = (text: string) =>
      text
        .replaceAll(/"_id":\{"\$oid":"\w+"\}|"date_added":\{[^}]*\}\}/g, '')
        .split('\n')
        .sort();
    const [expected, found] = [await contents(whole), await contents(killed)];
    expect(plain(found['subjects.ndjson']!)).toEqual(plain(expected['subjects.ndjson']!));

    const made = await runKilled(killed, 450, 'demo');
    expect(made.exit).toMatchObject({ code: 0, stderr: '' });
    expect(made.kills).toBeGreaterThan(0);
    const demo = await contents(killed);
    expect(await run(killed, 'demo')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('It was there already.'),
    });
    expect(await contents(killed)).toEqual(demo);
    const [, experiments, epochs, checkpoints, subjects] = /: (\d+) \D+ (\d+) \D+ (\d+) \D+ (\d+) subjects$/m.exec(
      made.exit.stdout,
    )!;
    expect(
      Object.values(demo)
        .map(lines)
        .sort((a, b) => a - b),
    ).toEqual([experiments, epochs, checkpoints, String(Number(subjects) + 3000)].map(Number).sort((a, b) => a - b));
    const removed = await runKilled(killed, 450, 'demo', '--remove');
    expect(removed.exit).toMatchObject({ code: 0, stderr: '' });
    expect(await contents(killed)).toEqual({
      ...found,
      'checkpoints.ndjson': '',
      'epochs.ndjson': '',
      'experiments.ndjson': '',
    });
  }, 240_000);
});

it('migrate-sqlite works beside a running server, whose answers have the runs at once', async () => {
  const of = store();
  const file = writeManyRuns(of.folder, 3, 20);
  const server = await startProcess({ env: of.env, cwd: of.folder });
  const dry = await run(of, 'migrate-sqlite', file, '--dry-run');
  expect(dry.stdout).toMatch(
    /A dry run; nothing was written\. It would do this in the database \(.*\):\n.*\n +training_runs +3 +3 /,
  );
  expect(await server.data('{ experiments { totalCount } }')).toEqual({ experiments: { totalCount: 0 } });
  const { code, stdout } = await run(of, 'migrate-sqlite', file, '--created-by', 'amara');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /Plan:\n[^]*Done in the database \(.*\):\n.*\n +training_runs +3 +3 .*\n +epoch_history +60 +60 /,
  );
  const { experiments } = await server.data(
    '{ experiments { nodes { name createdBy legacyId status metrics { totalEpochs } bestCheckpoint { epoch } epochs { totalCount } } } }',
  );
  expect(experiments.nodes).toHaveLength(3);
  expect(experiments.nodes[0]).toMatchObject({
    name: 'migrated_3',
    createdBy: 'amara',
    legacyId: '3',
    status: 'COMPLETED',
    metrics: { totalEpochs: 20 },
    epochs: { totalCount: 20 },
  });
}, 60_000);
