import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Document } from 'bson';
import { StartupError } from '../../src/errors';
import { openDatabase } from '../../src/stores/database';
import { startCuttingProxy } from '../faults/cutting-proxy';
import { CERTIFICATE } from '../kit/certificate';
import { newDatabaseUri } from '../kit/database';
import { temporaryFolder } from '../kit/embedded';
import { freePort } from '../kit/process';
import { startStandalone } from '../kit/standalone';

const PRIMARY = { setName: 'rs0', hosts: ['127.0.0.1:27017'], primary: '127.0.0.1:27017', me: '127.0.0.1:27017' };
/** Waiting that no test comes to the end of. */
const LONG_MS = 600_000;

interface Opening {
  message: string;
  /** What was said while it waited. */
  waits: string[];
}

/** Tries to open a database that can't be, waiting as long as told, or until it first said what it waits for. */
async function failure(uri: string, waitMs = LONG_MS): Promise<Opening> {
  const waits: string[] = [];
  const stop = new AbortController();
  const onWaiting = (why: string): void => {
    waits.push(why);
    stop.abort();
  };
  const error = await openDatabase(uri, { waitMs, onWaiting, signal: stop.signal }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartupError);
  const { message } = error as StartupError;
  expect(message).not.toMatch(/s3cret|w0rd/);
  return { message, waits };
}

/** Opens a fake database; it gives what became of that. */
async function against(
  hello: Document,
  query: string,
  odd: Parameters<typeof startStandalone>[2] = {},
): Promise<Opening> {
  const database = await startStandalone('7.0.14', hello, odd);
  try {
    return await failure(database.uri.replace('//', '//lab:s3cret-w0rd@').replace(/\/eeg2025$/, `/eeg2025${query}`));
  } finally {
    await database.close();
  }
}

const refuses = (name: string, code: number, errmsg: string) => ({
  answers: (command: Document) => (name in command ? { ok: 0, code, codeName: 'Refused', errmsg } : undefined),
});

/** A login that succeeds; what follows is up to the test. */
const LOGIN = '?authMechanism=PLAIN&authSource=$external&directConnection=true';
const login = (command: Document): Document | undefined =>
  'saslStart' in command ? { ok: 1, conversationId: 1, done: true, payload: Buffer.alloc(0) } : undefined;

describe('what no waiting helps against is said at once', () => {
  test('a standalone, also where the URI says that it is a replica set', async () => {
    for (const query of ['', '?replicaSet=rs0']) {
      const { message, waits } = await against({}, query);
      expect(message).toContain('is a standalone');
      expect(waits).toEqual([]);
    }
  });

  test('the name of another replica set', async () => {
    const { message, waits } = await against({ ...PRIMARY, setName: 'rs-other' }, '?replicaSet=rs0');
    expect(message).toMatch(/is of the replica set "rs-other", and MONGODB_URI says replicaSet=rs0/);
    expect(waits).toEqual([]);
  });

  test('a MongoDB that is too old for the driver', async () => {
    const { message, waits } = await against({ ...PRIMARY, maxWireVersion: 7 }, '?directConnection=true');
    expect(message).toMatch(/is older than 4\.4; Epochgraph needs 4\.4/);
    expect(waits).toEqual([]);
  });

  test('a wrong password', async () => {
    const odd = refuses('saslStart', 18, 'Authentication failed.');
    const { message, waits } = await against(PRIMARY, LOGIN, odd);
    expect(message).toMatch(/refuses the user name or the password of MONGODB_URI/);
    expect(waits).toEqual([]);
  });

  test('a user without rights', async () => {
    const { answers } = refuses(
      'createIndexes',
      13,
      'not authorized on eeg2025 to execute command { createIndexes: "x" }',
    );
    const { message, waits } = await against(PRIMARY, LOGIN, {
      answers: (command) => login(command) ?? answers(command),
    });
    expect(message).toMatch(/lacks rights; it needs the role readWrite .* not authorized on eeg2025\.$/);
    expect(waits).toEqual([]);
  });

  test('a certificate that nobody vouches for', async () => {
    const { message, waits } = await against(PRIMARY, '?directConnection=true&tls=true', { tls: true });
    expect(message).toMatch(/TLS certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\).*tlsCAFile/);
    expect(waits).toEqual([]);
  });

  test('a file of the URI that is not there', async () => {
    const { message, waits } = await against(PRIMARY, '?tls=true&tlsCAFile=/nowhere/ca.pem');
    expect(message).toBe("MONGODB_URI names a file that can't be read: /nowhere/ca.pem (ENOENT).");
    expect(waits).toEqual([]);
  });
});

describe('what may pass is said, and waited for', () => {
  test('nobody who listens', async () => {
    const port = await freePort();
    const { waits } = await failure(`mongodb://lab:s3cret-w0rd@127.0.0.1:${port}/eeg2025?replicaSet=rs0`);
    expect(waits).toEqual([`The database does not answer: nothing listens at 127.0.0.1:${port} (ECONNREFUSED).`]);
  });

  test('a name that no name server knows', async () => {
    const { waits } = await failure('mongodb://lab:s3cret-w0rd@db.invalid/eeg2025?replicaSet=rs0');
    expect(waits[0]).toMatch(/^The name db\.invalid of MONGODB_URI is known to no name server here \(\w+\)\.$/);
  });

  test('a replica set that calls its members by names which are known to themselves alone', async () => {
    const hello = { ...PRIMARY, hosts: ['mongo.invalid:27017'], me: 'mongo.invalid:27017' };
    const { waits } = await against(hello, '?replicaSet=rs0');
    expect(waits[0]).toMatch(/calls one of its members mongo\.invalid, .* directConnection=true/);
  });

  test('a replica set that is not initiated', async () => {
    const { waits } = await against({ isWritablePrimary: false, isreplicaset: true }, '?replicaSet=rs0');
    expect(waits[0]).toMatch(/its replica set is not initiated yet: run rs\.initiate\(\)/);
  });

  test('a replica set without a primary', async () => {
    const database = await startStandalone('7.0.14', { isWritablePrimary: false, secondary: true, setName: 'rs0' });
    const { waits } = await failure(`${database.uri}?replicaSet=rs0`);
    await database.close();
    expect(waits[0]).toBe('The replica set rs0 has no primary that can be reached now.');
  });

  test('a database that ends connections, as one does that wants TLS', async () => {
    const { waits } = await against(PRIMARY, '?directConnection=true', { tls: true });
    expect(waits[0]).toMatch(/ends connections as soon as they are opened; if it wants TLS, add tls=true/);
  });

  test('a database that ends connections, as one does that does not speak TLS', async () => {
    const { waits } = await against(PRIMARY, '?directConnection=true&tls=true');
    expect(waits[0]).toMatch(/ends connections as soon as they are opened; if it does not speak TLS, take that out/);
  });

  test('for as long as is set, and then no longer', async () => {
    const port = await freePort();
    const { message } = await failure(`mongodb://127.0.0.1:${port}/eeg2025?replicaSet=rs0`, 0);
    expect(message).toMatch(/nothing listens/);
    const waits: string[] = [];
    const uri = `mongodb://127.0.0.1:${port}/eeg2025?replicaSet=rs0`;
    await expect(openDatabase(uri, { waitMs: 2_000, onWaiting: (why) => waits.push(why) })).rejects.toThrow(
      /Given up after 2 s \(DATABASE_WAIT_SECONDS\)/,
    );
    expect(waits).toHaveLength(1);
  });
});

test('a database that comes up is used', async () => {
  const proxy = await startCuttingProxy(newDatabaseUri());
  await proxy.shut();
  let opened = 0;
  const database = await openDatabase(proxy.uri, {
    waitMs: LONG_MS,
    onWaiting: () => void (opened++ === 0 && proxy.open()),
  });
  expect(opened).toBeGreaterThan(0);
  expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  await database.db.dropDatabase();
  await database.close();
  await proxy.close();
});

test('a certificate that a file of the URI vouches for is trusted', async () => {
  const { folder, remove } = temporaryFolder();
  const file = path.join(folder, 'ca.pem');
  writeFileSync(file, CERTIFICATE);
  const query = `?directConnection=true&tls=true&tlsCAFile=${encodeURIComponent(file)}`;
  const database = await startStandalone('7.0.14', {}, { tls: true });
  const { message } = await failure(`${database.uri}${query}`);
  expect(message).toContain('is a standalone');
  await database.close();
  remove();
});
