import { fork, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { EmbeddedInUseError, start } from '../../src/embedded/start';
import { BUILT_START, dataDirectory, serve } from './served';

const unixSockets = process.platform === 'win32' ? it.skip : it;

describe('one process owns a data directory', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = dataDirectory();
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('refuses a second start with a sentence that says what to do', async () => {
    const first = await start({ dataDir, noSync: true });
    const error: unknown = await start({ dataDir, noSync: true }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EmbeddedInUseError);
    expect((error as Error).message).toMatch(/in use by process \d+.*Stop that Epochgraph first.*another directory/);
    await first.close();
    const again = await start({ dataDir, noSync: true });
    await again.close();
  });

  it('joins the one that runs when asked to, and leaves it running', async () => {
    const first = await serve({ dataDir });
    const second = await start({ dataDir, whenInUse: 'join' });
    expect([second.joined, second.uri, first.database.joined]).toEqual([true, first.database.uri, false]);
    const client = await new MongoClient(second.uri).connect();
    await client.db('t').collection('c').insertOne({ from: 'second' });
    await client.close();
    await second.close();
    expect(await first.client.db('t').collection('c').countDocuments()).toBe(1);
    await first.close();
  });

  it('lets exactly one of those that race for it win, also over what a killed one left', async () => {
    for (let round = 0; round < 3; round++) {
      const racers = await Promise.all(Array.from({ length: 6 }, () => race(dataDir)));
      const winners = racers.filter((racer) => racer.uri !== undefined);
      expect(winners).toHaveLength(1);
      for (const { error } of racers.filter((racer) => racer.uri === undefined)) {
        expect(error).toMatch(/^EmbeddedInUseError: .*in use/);
      }
      // Killed with its parent's -9: its lock is stale for the next round.
      const ended = new Promise((resolve) => winners[0]?.child.once('exit', resolve));
      winners[0]?.child.kill('SIGKILL');
      await ended;
    }
    const last = await start({ dataDir, noSync: true });
    await last.close();
    // Nothing is left but the data: stale sockets are removed by who comes next.
    expect(readdirSync(dataDir).filter((name) => name.endsWith('.sock') && name.startsWith('lock-'))).toEqual([]);
  });

  unixSockets('keeps its socket to its user, also where its path is too long for one', async () => {
    const short = await serve({ dataDir });
    const socketOf = (uri: string): string => decodeURIComponent(/^mongodb:\/\/([^/]+)\//.exec(uri)?.[1] ?? '');
    const path = socketOf(short.database.uri);
    expect(path.startsWith(dataDir)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await short.close();
    const deep = join(dataDir, 'a'.repeat(60), 'b'.repeat(60));
    const long = await serve({ dataDir: deep });
    const elsewhere = socketOf(long.database.uri);
    expect(Buffer.byteLength(elsewhere)).toBeLessThan(100);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o600);
    expect(statSync(join(elsewhere, '..')).mode & 0o777).toBe(0o700);
    await long.client.db('t').collection('c').insertOne({ deep: true });
    await long.close();
  });

  it('serves a loopback port beside the socket when asked to', async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const served = await serve({ dataDir, port });
    const client = await new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`).connect();
    await client.db('t').collection('c').insertOne({ by: 'port' });
    const hello = await client.db('admin').command({ hello: 1 });
    expect([hello.me, hello.setName, hello.maxWireVersion]).toEqual([`127.0.0.1:${port}`, 'epochgraph', 21]);
    await client.close();
    await served.close();
  });

  it('serves a compacted copy from another directory while the first goes on', async () => {
    const first = await serve({ dataDir });
    const things = first.client.db('t').collection('c');
    await things.createIndex({ n: 1 }, { unique: true });
    await things.insertMany(Array.from({ length: 100 }, (_, n) => ({ n })));
    const other = dataDirectory();
    const copy = join(other, 'epochgraph.mdb');
    await first.client.db('admin').command({ copyData: 1, to: copy });
    await expect(first.client.db('admin').command({ copyData: 1, to: copy })).rejects.toThrow(/exists/);
    await expect(first.client.db('admin').command({ copyData: 1, to: 'a.mdb' })).rejects.toThrow(/absolute/);
    await things.insertOne({ n: 100 });
    const second = await serve({ dataDir: other });
    const copied = second.client.db('t').collection('c');
    expect([await copied.countDocuments(), await things.countDocuments()]).toEqual([100, 101]);
    await expect(copied.insertOne({ n: 5 })).rejects.toThrow(/E11000/);
    await second.close();
    await first.close();
  });

  it('takes a directory whose name holds spaces and signs, and knows it by its other name', async () => {
    const odd = join(dataDir, 'a b%20ü');
    const first = await serve({ dataDir: odd });
    await first.client.db('t').collection('c').insertOne({ n: 1 });
    const link = join(dataDir, 'link');
    symlinkSync(odd, link);
    await expect(start({ dataDir: link, noSync: true })).rejects.toBeInstanceOf(EmbeddedInUseError);
    await first.close();
  });

  it('says what is wrong with a directory or data that cannot be used', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, 'not a directory');
    await expect(start({ dataDir: file })).rejects.toThrow(/could not start/);
    const broken = join(dataDir, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'epochgraph.mdb'), 'not a database'.repeat(1000));
    await expect(start({ dataDir: broken })).rejects.toThrow(/could not start/);
    expect(existsSync(join(broken, 'epochgraph.mdb'))).toBe(true);
    chmodSync(broken, 0o700);
  });
});

interface Racer {
  child: ChildProcess;
  uri?: string;
  error?: string;
}

function race(dataDir: string): Promise<Racer> {
  const child = fork(join(__dirname, 'parent.cjs'), [BUILT_START, dataDir], { execArgv: [] });
  return new Promise((resolve) => {
    child.once('message', (message: { uri?: string; error?: string }) => resolve({ child, ...message }));
  });
}
