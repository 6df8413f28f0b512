import { newDatabaseUri } from '../kit/database';
import { form, newRandom } from '../kit/long-form';
import { startServer, type TestServer } from '../kit/server';
import { CASES, faultsOfAnswer, MUTATIONS, type Call } from './cases';
import { startCuttingProxy, type Cut, type CuttingProxy, type Moment } from './cutting-proxy';
import { insist } from './outage';
import { faultsOf, readAll } from './stored';

/*
 * The connection to the database breaks at each command of each mutation: before the command is carried out, and after
 * it, when the answer is lost. The caller sees success or DATABASE_UNAVAILABLE, and whoever calls again ends with what
 * one undisturbed call leaves.
 */

const ROUNDS = form(1, 20);
const FLAPPING = form(2, 40);
const TEST_MS = form(120_000, 3_600_000);
const random = newRandom('cut');

interface Line {
  name: string;
  server: TestServer;
  proxy: CuttingProxy;
}

const MOMENTS: readonly Moment[] = ['before', 'after'];

/**
 * An abort that does not arrive leaves its transaction open, and the records that it changed locked, until the database
 * ends it after a minute: the short form does without.
 */
const mayCut = (command: string): boolean => form(command !== 'abortTransaction', true);

let lines: Line[];

beforeAll(async () => {
  lines = await Promise.all(
    MUTATIONS.map(async (name) => {
      const proxy = await startCuttingProxy(newDatabaseUri());
      return { name, proxy, server: await startServer({ mongodbUri: proxy.uri }) };
    }),
  );
});
// Dropping a database may have to wait for a transaction that nobody ends any more.
afterAll(
  () =>
    Promise.all(
      lines.map(async ({ server, proxy }) => {
        await server.close();
        await proxy.close();
      }),
    ),
  120_000,
);

/** Runs a call under a cut, over and over until it is acknowledged; the faults that it leaves. */
async function faultsUnder({ name, server, proxy }: Line, cut: Cut): Promise<string[]> {
  const { document, prepare } = CASES[name]!;
  const { db } = server.stores.database;
  const send = async (text: string, variables: Record<string, unknown>) => (await insist(server, text, variables)).data;
  const call: Call = await prepare({ send, db });
  proxy.setCut(cut);
  const { data } = await insist(server, document, call.variables);
  proxy.setCut(undefined);
  const stored = await readAll(db);
  return [...faultsOfAnswer(name, call, data[name]), ...call.faults(stored), ...faultsOf(stored)];
}

/** The commands that an undisturbed call sends. */
async function commandsOf(line: Line): Promise<string[]> {
  const commands: string[] = [];
  const faults = await faultsUnder(line, (command) => {
    commands.push(command);
    return undefined;
  });
  expect(faults).toEqual([]);
  return commands;
}

/** Cuts the command with this number, and no other. */
function cutAt(index: number, moment: Moment): { cut: Cut; done: () => boolean } {
  let seen = 0;
  return { cut: () => (seen++ === index ? moment : undefined), done: () => seen > index };
}

it(
  'a cut at any command of any mutation ends in success or DATABASE_UNAVAILABLE, and a retry in one record',
  async () => {
    let cuts = 0;
    const faults = await Promise.all(
      lines.map(async (line) => {
        const found: string[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const commands = await commandsOf(line);
          for (const [index, command] of commands.entries()) {
            for (const moment of form([random.pick(MOMENTS)], MOMENTS)) {
              const { cut, done } = cutAt(index, moment);
              const left = await faultsUnder(line, cut).catch((error: Error) => [error.message]);
              if (!done()) left.push('was never cut');
              cuts++;
              found.push(...left.map((fault) => `${line.name}, ${moment} ${command} (command ${index}): ${fault}`));
            }
          }
        }
        return found;
      }),
    );
    expect(faults.flat()).toEqual([]);
    expect(cuts).toBeGreaterThan(form(50, 100 * ROUNDS));
  },
  TEST_MS,
);

it(
  'a database whose connections break all the time is no different',
  async () => {
    const faults = await Promise.all(
      lines.map(async (line) => {
        const found: string[] = [];
        for (let round = 0; round < FLAPPING; round++) {
          const cut: Cut = (command) => (mayCut(command) && random.chance(0.3) ? random.pick(MOMENTS) : undefined);
          const left = await faultsUnder(line, cut).catch((error: Error) => [error.message]);
          found.push(...left.map((fault) => `${line.name}: ${fault}`));
        }
        return found;
      }),
    );
    expect(faults.flat()).toEqual([]);
  },
  TEST_MS,
);
