import { createSchema } from '../../src/schema';
import { ERROR_CODES } from '../../src/errors';
import { startServer, type TestServer } from '../kit/server';
import { shouldBeTaken } from './expectations';
import { hostileInputs, type HostileInput, type OperationKind } from './inputs';
import { everythingIn, fill, STORED } from './laboratory';
import { overHttp, overWebSocket, type Transport } from './transports';

/**
 * Every argument and input field of the schema with values that it should not take. In `npm test` each field of an input
 * object once; in `npm run test:long` wherever it can be given.
 */

const EVERYWHERE = process.env.EPOCHGRAPH_LONG === '1';

/** What no message may hold: a stack, a path of the machine, a driver's name. */
const LEAKS = /node_modules|\.[jt]s:\d+| {4}at |Mongo[A-Z]\w+Error|\/tmp\/|\/home\//;
/** How a message says what would be right. */
const REMEDY = new RegExp(
  [
    'it takes|takes? (exactly )?\\d|must|cannot represent|can.t be|Expected|required type|not defined by type',
    'does not exist|at most|take (one|another)|takes more than|is not an id; ids are|write it as text|null',
  ].join('|'),
);
const LONGEST_MESSAGE = 1_100;

const inputs = [...hostileInputs(createSchema(), STORED, !EVERYWHERE)];

/** Whether a message names a place: by its path, or by the path of what holds it and its own name. */
function names(message: string, path: string): boolean {
  if (message.includes(path)) return true;
  const steps = path.split(/\.(?=[^.]*$)/);
  const last = steps.at(-1)!;
  return message.includes(`"${last}"`) && (steps.length === 1 || message.includes(steps[0]!));
}

/** What is wrong with the answer to an input; undefined where nothing is. */
function faultOf(input: HostileInput, { errors }: Awaited<ReturnType<Transport['send']>>): string | undefined {
  const taken = errors.length === 0;
  if (taken !== shouldBeTaken(input)) return taken ? 'was taken' : `was refused: ${errors[0]!.message.slice(0, 300)}`;
  for (const { message, code } of errors) {
    if (!code || !Object.hasOwn(ERROR_CODES, code) || code === 'INTERNAL_SERVER_ERROR') return `has the code ${code}`;
    if (code === 'DATABASE_UNAVAILABLE') return 'reached the database';
    if (LEAKS.test(message)) return `leaks: ${message}`;
    if (message.length > LONGEST_MESSAGE) return `has a message of ${message.length} characters`;
    if (!REMEDY.test(message)) return `does not say what would be right: ${message}`;
    const isAboutRecord = code === 'NOT_FOUND' || code === 'CONFLICT';
    if (isAboutRecord ? !message.includes('0'.repeat(24)) : !names(message, input.path))
      return `does not say where: ${message}`;
  }
  return undefined;
}

describe('hostile inputs', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await fill(server.stores.database);
  });
  afterAll(() => server.close());

  it('are at least 300, of every mutation, query and subscription that takes arguments', () => {
    expect(inputs.length).toBeGreaterThan(1000);
    const schema = createSchema();
    const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
    const fields = roots.flatMap((root) => Object.values(root.getFields()).filter(({ args }) => args.length > 0));
    const called = new Set(inputs.map(({ field }) => field));
    expect(fields.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
  });

  /** Sends inputs of some kinds one after another; nothing of those that are refused may change what is stored. */
  async function sendAll(transport: Transport, kinds: readonly OperationKind[]): Promise<void> {
    const { database } = server.stores;
    const before = await everythingIn(database);
    const faults: string[] = [];
    let refused = 0;
    for (const input of inputs) {
      if (!kinds.includes(input.kind) || !transport.carries(input)) continue;
      const answer = await transport.send(input, shouldBeTaken(input));
      const fault = faultOf(input, answer);
      if (fault) faults.push(`${input.name} ${fault}`);
      if (answer.errors.length > 0) refused++;
      if (input.kind !== 'mutation') continue;
      if ((await everythingIn(database)) === before) continue;
      if (answer.errors.length > 0) faults.push(`${input.name} was refused, and something was written`);
      await fill(database);
    }
    expect(faults).toEqual([]);
    expect(await everythingIn(database)).toBe(before);
    expect(refused).toBeGreaterThan(kinds.includes('subscription') ? 50 : 300);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(server.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    // The process is alive, and what is right is still taken.
    expect(await server.data(`{ experiment(id: "${STORED.experiment}") { name } }`)).toEqual({
      experiment: { name: 'one' },
    });
  }

  it.each<OperationKind>(['query', 'mutation'])(
    'over HTTP, of every %s: each is refused in words with nothing written, or taken for a reason',
    async (kind) => {
      await sendAll(overHttp(server.url), [kind]);
    },
    EVERYWHERE ? 600_000 : 120_000,
  );

  it.each<OperationKind>(['query', 'mutation', 'subscription'])(
    'over one WebSocket, of every %s: the same',
    async (kind) => {
      const transport = await overWebSocket(server.url);
      await sendAll(transport, [kind]);
      await transport.close();
    },
    EVERYWHERE ? 600_000 : 120_000,
  );
});
