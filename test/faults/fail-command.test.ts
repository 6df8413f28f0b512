import type { Document } from 'mongodb';
import { commandsOf } from '../kit/database';
import { form, newRandom } from '../kit/long-form';
import { CASES, faultsOfAnswer, MUTATIONS } from './cases';
import { startFailingServer, type FailingServer } from './fail-points';
import { insist } from './outage';
import { faultsOf, readAll, removeAll } from './stored';

/*
 * Errors of the database itself, by its fail point failCommand, at each kind of command of each mutation. The caller
 * sees success or DATABASE_UNAVAILABLE, and whoever calls again ends with what one undisturbed call leaves.
 */

const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify', 'commitTransaction']);

interface Fault {
  data: Document;
  times: number;
  /** Commands that it is for; every one where it is left out. */
  only?: ReadonlySet<string>;
  /** Whether the server must overcome it by itself where the command is part of a transaction. */
  overcome: boolean;
}

const ENDS = new Set(['commitTransaction']);
const FAULTS: Readonly<Record<string, Fault>> = {
  'a write conflict': {
    data: { errorCode: 112, errorLabels: ['TransientTransactionError'] },
    times: 2,
    overcome: true,
  },
  'a transaction that is gone': {
    data: { errorCode: 251, errorLabels: ['TransientTransactionError'] },
    times: 1,
    overcome: true,
  },
  'a shutdown, to be retried': {
    data: { errorCode: 91, errorLabels: ['RetryableWriteError'] },
    times: 1,
    overcome: true,
  },
  'a shutdown that lasts': { data: { errorCode: 91, errorLabels: ['RetryableWriteError'] }, times: 4, overcome: true },
  'both labels': {
    data: { errorCode: 11_602, errorLabels: ['RetryableWriteError', 'TransientTransactionError'] },
    times: 3,
    overcome: true,
  },
  'a step-down': { data: { errorCode: 189 }, times: 1, overcome: true },
  'a closed connection': { data: { closeConnection: true }, times: 1, overcome: true },
  'connections that are closed': { data: { closeConnection: true }, times: 4, overcome: true },
  'a time-out after the write took place': {
    data: {
      writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' },
    },
    times: 1,
    only: WRITES,
    overcome: false,
  },
  'an interruption after the write took place': {
    data: {
      writeConcernError: {
        code: 11_602,
        codeName: 'InterruptedDueToReplStateChange',
        errmsg: 'operation was interrupted',
      },
      errorLabels: ['RetryableWriteError'],
    },
    times: 1,
    only: WRITES,
    overcome: false,
  },
  'a commit of unknown outcome': {
    data: { errorCode: 50, errorLabels: ['UnknownTransactionCommitResult'] },
    times: 2,
    only: ENDS,
    overcome: true,
  },
};

const ROUNDS = form(1, 20);
/** Faults tried for each command of a mutation. */
const TRIED = form(2, Object.keys(FAULTS).length);
const random = newRandom('fail-command');

let failing: FailingServer | undefined;

beforeAll(async () => (failing = await startFailingServer()));
afterAll(() => failing?.close());

/** The kinds of commands that an undisturbed call sends, each with whether all of them are parts of a transaction. */
async function kindsOf(name: string): Promise<Map<string, boolean>> {
  const { server } = failing!;
  const { document, prepare } = CASES[name]!;
  const { db, client } = server.stores.database;
  const { variables } = await prepare({ send: server.data, db });
  const commands = await commandsOf(client, () => server.data(document, variables));
  const kinds = new Map<string, boolean>();
  for (const { name: kind, command } of commands) {
    kinds.set(kind, (kinds.get(kind) ?? true) && command.autocommit === false);
  }
  return kinds;
}

/** Some of the faults that a command can have, in random order. */
function faultsFor(command: string): [string, Fault][] {
  const all = Object.entries(FAULTS).filter(([, { only }]) => only?.has(command) ?? true);
  const picked: typeof all = [];
  while (picked.length < TRIED && all.length > 0) picked.push(...all.splice(random.below(all.length), 1));
  return picked;
}

it.each(MUTATIONS)(
  '%s',
  async (name) => {
    const { server, fail, recover } = failing!;
    const { db } = server.stores.database;
    const { document, prepare } = CASES[name]!;
    const found: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [command, inTransaction] of await kindsOf(name)) {
        await removeAll(db);
        server.log.splice(0);
        for (const [title, { data, times, overcome }] of faultsFor(command)) {
          const call = await prepare({ send: server.data, db });
          await fail({ times }, { failCommands: [command], ...data });
          const { data: answer, outages } = await insist(server, document, call.variables);
          await recover();
          const stored = await readAll(db);
          const faults = [...faultsOfAnswer(name, call, answer[name]), ...call.faults(stored), ...faultsOf(stored)];
          if (overcome && inTransaction && outages > 0) faults.push(`was answered ${outages} times by an outage`);
          found.push(...faults.map((fault) => `${title} at ${command}: ${fault}`));
        }
      }
    }
    expect(found).toEqual([]);
  },
  form(30_000, 3_600_000),
);
