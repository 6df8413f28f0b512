import { setTimeout as sleep } from 'node:timers/promises';
import { form } from '../kit/long-form';
import { CASES, faultsOfAnswer, MUTATIONS } from './cases';
import { startFailingServer, type FailingServer } from './fail-points';
import { codesOf, insist } from './outage';
import { faultsOf, readAll } from './stored';

/*
 * A database that takes a write, but only after the caller has been told that it does not answer: the caller's next call
 * races the first one, which nobody waits for any more.
 */

/** Longer than the limit below. */
const BLOCKED_MS = 2_500;
const ROUNDS = form(1, 20);
const WRITES = ['insert', 'update', 'delete', 'findAndModify', 'commitTransaction'];

// The same limits as the server's, in less time.
jest.mock('../../src/stores/time-limits', () => {
  const real = jest.requireActual<typeof import('../../src/stores/time-limits')>('../../src/stores/time-limits');
  const limit = 1_500;
  return {
    ...real,
    writeTime: () => limit,
    withinTime: (work: Promise<unknown>, ms = limit) => real.withinTime(work, ms),
  };
});

let failing: FailingServer | undefined;

beforeAll(async () => (failing = await startFailingServer()));
afterAll(() => failing?.close());

it(
  'a write that takes place after its caller was told of an outage is there once, with the one that followed',
  async () => {
    const { server, fail, recover } = failing!;
    const { db } = server.stores.database;
    const send = async (text: string, variables: Record<string, unknown>) =>
      (await insist(server, text, variables)).data;
    for (let round = 0; round < ROUNDS; round++) {
      const calls = await Promise.all(
        MUTATIONS.map(async (name) => ({ name, call: await CASES[name]!.prepare({ send, db }) })),
      );
      await fail('alwaysOn', { failCommands: WRITES, blockConnection: true, blockTimeMS: BLOCKED_MS });
      const answers = await Promise.all(
        calls.map(({ name, call }) => server.query(CASES[name]!.document, call.variables)),
      );
      const codes = answers.flatMap(codesOf);
      expect(codes.filter((code) => code !== 'DATABASE_UNAVAILABLE')).toEqual([]);
      expect(calls.filter((_, index) => !answers[index]!.errors).map(({ name }) => name)).toEqual([]);
      await recover();
      const found = await Promise.all(
        calls.map(async ({ name, call }) => {
          const { data } = await insist(server, CASES[name]!.document, call.variables);
          return faultsOfAnswer(name, call, data[name]);
        }),
      );
      // The first calls end at last, too.
      await sleep(BLOCKED_MS + 1_000);
      const stored = await readAll(db);
      const left = [...found.flat(), ...calls.flatMap(({ call }) => call.faults(stored)), ...faultsOf(stored)];
      expect(left).toEqual([]);
    }
  },
  form(60_000, 3_600_000),
);
