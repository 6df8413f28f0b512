import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient, MongoError } from 'mongodb';
import { form, newRandom } from '../kit/long-form';
import { freePort, killProcesses, post, startProcess, until, type ServerProcess } from '../kit/process';
import { embeddedPid, isRunning, newEmbeddedStore, newStore, type ProcessStore } from '../kit/process-store';
import { serve } from '../embedded/served';
import { CASES, faultsOfAnswer, MUTATIONS, type Arena, type Call } from './cases';
import { faultsOf, readAll, removeAll } from './stored';

/*
 * One call of each mutation at once, and a kill -9 at a random moment in the midst of them: of the server (the embedded
 * database ends with it), of the server alone, or of the embedded database's process alone. The clients call again until
 * they are answered. Afterwards everything is there once, as if nobody had been killed.
 */

const TEST_MS = form(120_000, 3_600_000);
const ROUNDS = form(4, 200);
/** How often each mutation must have been cut off by then; in the long form, more rounds follow where it was not. */
const TIMES = form(0, 20);
const random = newRandom('killed');

let store: ProcessStore;
let client: MongoClient;

afterEach(async () => {
  await client.close();
  await killProcesses();
  await store.remove();
});

/** Calls until it is answered with data; every error but an outage is one too many. */
async function insist(url: string, document: string, variables: Record<string, unknown>): Promise<any> {
  for (const deadline = Date.now() + 150_000; ;) {
    const answer = await post(url, document, variables).catch(() => undefined);
    if (answer?.data && !answer.errors) return answer.data;
    const lasting = answer?.errors?.filter(({ extensions }) => extensions.code !== 'DATABASE_UNAVAILABLE') ?? [];
    if (lasting.length > 0 || (answer && !answer.errors)) throw new Error(JSON.stringify(answer));
    if (Date.now() > deadline) throw new Error(`No answer to ${document.slice(0, 60)}: ${JSON.stringify(answer)}`);
    await sleep(10);
  }
}

/** A server at a fixed address, and its database behind it. */
class Site {
  server!: ServerProcess;
  readonly arena: Arena;
  private url = '';

  private constructor(private readonly env: NodeJS.Dict<string>) {
    this.arena = { send: (document, variables) => insist(this.url, document, variables), db: client.db() };
  }

  static async open(): Promise<Site> {
    const port = await freePort();
    const direct = `mongodb://127.0.0.1:${port}/eeg2025?directConnection=true`;
    client = new MongoClient(store.env.MONGODB_URI ?? direct, { serverSelectionTimeoutMS: 20_000 });
    const site = new Site({ ...store.env, PORT: await freePort(), ...(store.embedded ? { EMBEDDED_PORT: port } : {}) });
    await site.start();
    return site;
  }

  async start(): Promise<void> {
    this.server = await startProcess({ env: this.env, cwd: store.folder });
    this.url = this.server.url;
  }

  /** Removes every record, so that the next round is not slowed by those of this one. */
  async clear(): Promise<void> {
    await removeAll(client.db());
  }
}

/** Prepares a case; again where the database's own client met an outage. */
async function prepare(arena: Arena, name: string): Promise<Call> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await CASES[name]!.prepare(arena);
    } catch (error) {
      if (!(error instanceof MongoError) || attempt === 5) throw error;
    }
  }
}

/**
 * One round: all mutations are called at once, and `kill` comes within milliseconds of the call of one of them, `aim`.
 * Then `revive` brings the server back, and everything is looked at when all calls are answered. The mutations that were
 * cut off: called, and not answered.
 */
async function round(
  site: Site,
  aim: string,
  kill: () => Promise<unknown>,
  revive: () => Promise<unknown>,
): Promise<string[]> {
  const calls = new Map<string, Call>();
  await Promise.all(MUTATIONS.map(async (name) => calls.set(name, await prepare(site.arena, name))));
  const open = new Set<string>();
  const wait = random.next() * 30;
  const answered = MUTATIONS.map(async (name) => {
    await sleep(name === aim ? wait : random.next() * 40);
    open.add(name);
    const data = await site.arena.send(CASES[name]!.document, calls.get(name)!.variables);
    open.delete(name);
    return faultsOfAnswer(name, calls.get(name)!, data[name]);
  });
  await sleep(wait + random.next() * 15);
  const cutOff = [...open];
  const [faults] = await Promise.all([Promise.all(answered), kill().then(revive)]);
  const stored = await readAll(client.db());
  const left = [...faults.flat(), ...[...calls.values()].flatMap((call) => call.faults(stored)), ...faultsOf(stored)];
  expect({ left, cutOff: left.length > 0 ? cutOff : [] }).toEqual({ left: [], cutOff: [] });
  await site.clear();
  return cutOff;
}

function killServer(site: Site, aim: string): Promise<string[]> {
  return round(
    site,
    aim,
    () => site.server.stop('SIGKILL'),
    () => site.start(),
  );
}

/** Rounds, each aimed at the mutation that was cut off least so far. */
async function rounds(run: (aim: string, round: number) => Promise<string[]>): Promise<void> {
  const counts = new Map(MUTATIONS.map((name) => [name, 0]));
  const least = () => Math.min(...counts.values());
  let count = 0;
  for (; count < ROUNDS || (least() < TIMES && count < 3 * ROUNDS); count++) {
    const aim = random.pick(MUTATIONS.filter((name) => counts.get(name) === least()));
    for (const name of await run(aim, count)) counts.set(name, counts.get(name)! + 1);
  }
  const all = [...counts].map(([name, n]) => `${name} ${n}`).join(', ');
  console.log(`killed ${count} times; called and not answered by then: ${all}`);
  expect([...counts.values()].reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(ROUNDS);
  expect([...counts].filter(([, n]) => n < TIMES)).toEqual([]);
}

it(
  'a server that is killed in the middle of any mutation leaves each record once',
  async () => {
    store = newStore();
    const site = await Site.open();
    await rounds((aim) => killServer(site, aim));
  },
  TEST_MS,
);

it(
  'an embedded database that is killed in the middle of any mutation leaves each record once',
  async () => {
    // Also where MONGODB_URI is set: a database of others is not for killing.
    store = newEmbeddedStore();
    let site = await Site.open();
    await rounds(async (aim, number) => {
      // The supervisor waits longer after each death; a new one begins anew.
      if (number % 4 === 3) {
        await site.server.stop();
        await client.close();
        site = await Site.open();
      }
      const pid = (await embeddedPid(store.dataDir))!;
      return round(
        site,
        aim,
        async () => process.kill(pid, 'SIGKILL'),
        () =>
          until(
            async () => !isRunning(pid) && (await embeddedPid(store.dataDir)) !== undefined,
            () => `The database did not come back:\n${site.server.stderr()}`,
          ),
      );
    });
  },
  TEST_MS,
);

it(
  'a server that is killed and leaves a transaction open in its database does so, too',
  async () => {
    // A database that outlives its server, as a MongoDB does, but keeps such a transaction for less than a minute.
    const served = await serve({ transactionSeconds: 2 });
    store = newEmbeddedStore();
    store = { ...store, embedded: false, env: { MONGODB_URI: served.database.uri.replace('/?', '/eeg2025?') } };
    try {
      const site = await Site.open();
      let open = 0;
      for (let number = 0; number < form(1, 40); number++)
        open += (await killServer(site, random.pick(MUTATIONS))).length;
      expect(open).toBeGreaterThan(0);
    } finally {
      await killProcesses();
      await served.close();
    }
  },
  TEST_MS,
);
