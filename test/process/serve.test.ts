import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { freePort, killProcesses, runCommand, startProcess, type Exit } from '../kit/process';
import { embeddedPid, newEmbeddedStore, newMongoStore, type ProcessStore } from '../kit/process-store';
import { startStandalone } from '../kit/standalone';

const SERVER = '{ serverInfo { version database } }';

let stores: ProcessStore[] = [];
const keep = (store: ProcessStore): ProcessStore => {
  stores.push(store);
  return store;
};

afterEach(async () => {
  await killProcesses();
  await Promise.all(stores.map((store) => store.remove()));
  stores = [];
});

/** Runs a server that is to refuse to start, and checks that it does so in words. */
async function refusal(env: NodeJS.Dict<string>, store = keep(newEmbeddedStore())): Promise<Exit> {
  const exit = await runCommand(['serve'], { env: { PORT: '0', ...env }, cwd: store.folder });
  expect(exit).toMatchObject({ code: 1, stdout: '' });
  expect(exit.stderr).not.toMatch(/^\s+at /m);
  return exit;
}

describe('a server that starts', () => {
  it('prints one line with its address and database, and is ready then', async () => {
    const { env, dataDir, folder } = keep(newEmbeddedStore());
    const server = await startProcess({ env, cwd: folder });
    expect(server.line).toContain(`embedded, in ${dataDir}`);
    const ready = await fetch(new URL('/health/ready', server.url));
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'ready', database: 'embedded' });
    expect(await server.data(SERVER)).toMatchObject({ serverInfo: { database: 'EMBEDDED' } });
    expect(server.stdout()).toBe(`${server.line}\n`);
  });

  it('uses MONGODB_URI where it is set, and says so', async () => {
    const { env, folder } = keep(newMongoStore());
    const server = await startProcess({ env, cwd: folder });
    expect(server.line).toMatch(
      /\(database: MongoDB [\d.]+, database epochgraph_test_[0-9a-f]+; dashboard: http:\/\/127\.0\.0\.1:\d+\/\)$/,
    );
    expect(await server.data(SERVER)).toMatchObject({ serverInfo: { database: 'MONGODB' } });
  });

  it('keeps its data in ./data where nothing says otherwise', async () => {
    const { folder } = keep(newEmbeddedStore());
    const server = await startProcess({ cwd: folder });
    expect(server.line).toContain('(database: embedded, in ./data; dashboard: ');
    expect(await embeddedPid(path.join(folder, 'data'))).toBeGreaterThan(0);
  });

  it('reads .env, which the environment wins over, variable by variable', async () => {
    const { folder } = keep(newEmbeddedStore());
    const port = await freePort();
    writeFileSync(path.join(folder, '.env'), `PORT=no-port\nDATA_DIR="./from env file"  # here\nLOG_LEVEL=\n`);
    const server = await startProcess({ env: { PORT: port, LOG_LEVEL: undefined }, cwd: folder });
    expect(server.url).toBe(`http://127.0.0.1:${port}/graphql`);
    expect(server.line).toContain('embedded, in ./from env file');
  });
});

describe('a server that cannot start says why and ends with 1', () => {
  it('when its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { env } = keep(newEmbeddedStore());
    const { stderr } = await refusal({ ...env, PORT: String(port) });
    expect(stderr).toBe(`Port ${port} on 127.0.0.1 is in use by another program; set PORT to a free one.\n`);
    await new Promise((resolve) => other.close(resolve));
  });

  it('when another server has its DATA_DIR, which goes on', async () => {
    const store = keep(newEmbeddedStore());
    const first = await startProcess({ env: store.env, cwd: store.folder });
    const pid = await embeddedPid(store.dataDir);
    const { stderr } = await refusal(store.env, store);
    expect(stderr).toContain(`The data directory ${store.dataDir} is in use by process ${pid}`);
    expect(stderr).toContain('DATA_DIR');
    expect(await first.data(SERVER)).toMatchObject({ serverInfo: { database: 'EMBEDDED' } });
    expect(await embeddedPid(store.dataDir)).toBe(pid);
  });

  it('when several settings are wrong: all of them at once, each with what would be right', async () => {
    const { stderr } = await refusal({
      PORT: '70000',
      HOST: '127.0.0.1:80',
      LOG_LEVEL: 'loud',
      MONGODB_URI: 'localhost:27017',
      NODE_ENV: 'staging',
    });
    expect(stderr).toMatch(/^The configuration is wrong/);
    expect(stderr).toMatch(/^ {2}PORT must be a whole number from 0 to 65535 \(it is "70000"\)\n +PORT=4000/m);
    expect(stderr).toMatch(/^ {2}HOST must be an IP address or .*\(it is "127.0.0.1:80"\)\n +HOST=127/m);
    expect(stderr).toMatch(/^ {2}LOG_LEVEL must be one of fatal, .*\(it is "loud"\)\n +LOG_LEVEL=info/m);
    expect(stderr).toMatch(/^ {2}MONGODB_URI must be a connection string .*\n +MONGODB_URI=mongodb:/m);
    expect(stderr).toMatch(/^ {2}NODE_ENV must be development, production or test/m);
  });

  it('in production without MONGODB_URI', async () => {
    const { stderr } = await refusal({ NODE_ENV: 'production' });
    expect(stderr).toContain('MONGODB_URI must be set when NODE_ENV is production');
  });

  it.each([
    ['a file', (store: ProcessStore) => path.join(store.folder, 'taken')],
    ['a folder below a file', (store: ProcessStore) => path.join(store.folder, 'taken', 'data')],
    ['a folder whose database file is a folder', (store: ProcessStore) => path.join(store.folder, 'odd')],
  ])('when DATA_DIR is %s', async (_, dataDir) => {
    const store = keep(newEmbeddedStore());
    writeFileSync(path.join(store.folder, 'taken'), '');
    mkdirSync(path.join(store.folder, 'odd', 'epochgraph.mdb'), { recursive: true });
    const { stderr } = await refusal({ DATA_DIR: dataDir(store) }, store);
    expect(stderr).toContain(dataDir(store));
  });

  it('when its HOST is no address', async () => {
    const { env } = keep(newEmbeddedStore());
    const { stderr } = await refusal({ ...env, HOST: '127.0.0.999' });
    expect(stderr).toContain('127.0.0.999');
  });

  it('when MONGODB_URI does not answer, and never prints its password, however much is logged', async () => {
    const port = await freePort();
    const { stderr } = await refusal({
      MONGODB_URI: `mongodb://lab:s3cr%20et-w0rd@127.0.0.1:${port}/eeg2025?replicaSet=rs0`,
      LOG_LEVEL: 'trace',
      DATABASE_WAIT_SECONDS: '0',
    });
    expect(stderr).toContain('The database does not answer');
    expect(stderr).toContain(String(port));
    expect(stderr).not.toMatch(/s3cr|w0rd/);
  });

  it.each([
    ['an unknown option', 'mongodb://lab:s3cret-w0rd@127.0.0.1/eeg2025?speed=high'],
    ['an at sign in the password', 'mongodb://lab:s3cret@w0rd@127.0.0.1/eeg2025'],
    ['a port that is none', 'mongodb://lab:s3cret-w0rd@127.0.0.1:port/eeg2025'],
  ])('when MONGODB_URI has %s, without its password', async (_, uri) => {
    const { stderr } = await refusal({ MONGODB_URI: uri });
    expect(stderr).toContain("MONGODB_URI can't be used");
    expect(stderr).not.toMatch(/s3cr|w0rd/);
  });

  it('when MONGODB_URI is a standalone: with how to make it a replica set', async () => {
    const standalone = await startStandalone();
    const { stderr } = await refusal({ MONGODB_URI: standalone.uri });
    expect(stderr).toContain('is a standalone');
    expect(stderr).toContain('rs.initiate()');
    await standalone.close();
  });

  it('when MONGODB_URI is too old', async () => {
    const old = await startStandalone('4.2.24', { setName: 'rs0', hosts: ['127.0.0.1'], me: '127.0.0.1' });
    const { stderr } = await refusal({ MONGODB_URI: `${old.uri}?directConnection=true` });
    expect(stderr).toContain('is 4.2.24');
    await old.close();
  });
});
