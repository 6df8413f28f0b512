import { execute, type ExecutionArgs } from 'graphql';
import { LOCAL_VIEWER } from '../../src/auth/viewer';
import { createContextFactory } from '../../src/context';
import { createCompiled, type Compiled } from '../../src/execution/compiled';
import { createDocuments } from '../../src/execution/documents';
import { createPrepare } from '../../src/execution/prepare';
import { LIMIT_NAMES, type Limits } from '../../src/limits';
import { createSchema } from '../../src/schema';
import { Random, seedOf } from '../embedded/random';
import { randomExperiments, randomSubjects } from '../api/query-model/random-documents';
import { startServer, type TestServer } from '../kit/server';
import { RandomOperations } from './random-operations';
import { randomCheckpoints, randomEpochs } from './random-records';

const OPERATIONS = Number(process.env.EPOCHGRAPH_OPERATIONS ?? 10_000);
/** Operations under way at once. */
const TOGETHER = 16;

const schema = createSchema();
/** Far more than a client may ask, in every way. */
const UNLIMITED = Object.fromEntries(LIMIT_NAMES.map((name) => [name, 1e12])) as unknown as Limits;
const prepare = createPrepare(schema, createDocuments(schema, UNLIMITED, true));

/** All that jest can fake but the date. */
const REAL = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** What random operations came to. */
interface Tally {
  compiled: number;
  errors: number;
  leftOver: string[];
  different: string[];
  invalid: string[];
}

describe('compiled execution and graphql-js', () => {
  let server: TestServer;
  let operations: RandomOperations;
  let contextOf: ReturnType<typeof createContextFactory>;
  const seed = seedOf();
  const random = new Random(seed);

  beforeAll(async () => {
    server = await startServer();
    const { experiments, epochs, checkpoints, subjects } = server.stores.database.collections;
    const runs = randomExperiments(random, 16, new Date());
    await experiments.insertMany(runs);
    const ids = runs.map(({ _id }) => _id as unknown);
    const numbered = ids.flatMap((id) => randomEpochs(random, id, random.below(9)));
    await epochs.insertMany(numbered);
    const saved = ids.flatMap((id) => randomCheckpoints(random, id, random.below(4)));
    await checkpoints.insertMany(saved);
    const people = randomSubjects(random, 12);
    await subjects.insertMany(people);
    const { data } = await server.query(
      '{ experiments(first: 20) { edges { cursor } } subjects { edges { cursor } } }',
    );
    const cursors = [...data.experiments.edges, ...data.subjects.edges].map(({ cursor }: { cursor: string }) => cursor);
    operations = new RandomOperations(schema, random, {
      ids: [...ids, ...numbered, ...saved, ...people]
        .map((one) => String((one as { _id?: unknown })._id ?? one))
        .concat('x'),
      subjectIds: [...people.map(({ subject_id }) => String(subject_id)), 'nobody'],
      cursors: [...cursors, 'no cursor'],
    });
    contextOf = createContextFactory({
      stores: server.stores,
      live: undefined as never,
      server: { version: '0', embedded: true, limits: { nesting: 50 } },
    });
  });
  afterEach(() => jest.useRealTimers());
  afterAll(() => server.close());

  const compare = async (compiled: Compiled, tally: Tally): Promise<void> => {
    const operation = operations.next();
    const shown = JSON.stringify(operation);
    const args = prepare(operation, LOCAL_VIEWER);
    if (!('document' in args)) {
      tally.invalid.push(`${args[0]!.message}\n${shown}`);
      return;
    }
    // With one context for both, what the loaders have read for the one serves the other.
    const run = { ...args, contextValue: contextOf(LOCAL_VIEWER) } satisfies ExecutionArgs;
    const written = await compiled(run);
    const { data, errors } = await execute(run);
    const expected = JSON.stringify({ data });
    if (errors) tally.errors++;
    if (written && (errors || written.toString() !== expected)) {
      tally.different.push([shown, written.toString(), expected, JSON.stringify(errors)].join('\n'));
    } else if (written) tally.compiled++;
    else if (!errors && !operation.query.includes('... on ')) tally.leftOver.push(shown);
  };

  test(
    `give the same bytes for ${OPERATIONS} random operations (EPOCHGRAPH_SEED=${seed})`,
    async () => {
      const compiled = createCompiled(schema);
      const tally: Tally = { compiled: 0, errors: 0, leftOver: [], different: [], invalid: [] };
      // A cursor of an order by LIVENESS holds the moment of its query: the two are asked at the same.
      jest.useFakeTimers({ now: new Date(), doNotFake: [...REAL] });
      for (let done = 0; done < OPERATIONS; done += TOGETHER) {
        await Promise.all(Array.from({ length: TOGETHER }, () => compare(compiled, tally)));
        expect(tally.different.slice(0, 1)).toEqual([]);
      }
      console.log(
        `${OPERATIONS} operations, EPOCHGRAPH_SEED=${seed}: ${tally.compiled} compiled, ${tally.errors} with errors`,
      );
      // Without enough of each kind, the comparison would say little.
      expect(tally.compiled).toBeGreaterThan(OPERATIONS * 0.4);
      expect(tally.errors).toBeGreaterThan(OPERATIONS * 0.02);
      expect(tally.invalid.length).toBeLessThan(OPERATIONS * 0.02);
      expect(tally.leftOver).toEqual([]);
    },
    OPERATIONS * 60,
  );
});
