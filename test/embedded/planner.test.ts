import { compileSorter } from '../../src/embedded/sort';
import { valuesAtPath } from '../../src/embedded/values/paths';
import { encode } from '../../src/embedded/values/encoder';
import { Decimal128, int, ObjectId, Timestamp, type Doc, type Value } from '../../src/embedded/values/value';
import { command, InProcess, plain } from './in-process';
import { Random, seedOf } from './random';

const ROUNDS = Number(process.env.EPOCHGRAPH_PLANNER_ROUNDS ?? 30);
const QUERIES = 80;
const PATHS = ['a', 'b', 'c', 'd.x', 'd.y', 'e'];
/** Around the lengths where keys and their prefixes are cut. */
const LONG = [1780, 1797, 1850, 1899, 2500].map((length) => 'x'.repeat(length));

/** Set for rounds that have values too long for an index key: such an index gives no order. */
let long = false;
/** Set for rounds whose values are mostly a few numbers, so that many documents share them. */
let few = false;

/** Values of every kind that compare in their own way, from a small set, so that queries find something. */
function scalar(random: Random): Value {
  if (long && random.chance(0.2)) return random.pick(LONG) + random.pick(['p', 'q', 'r']);
  if (few && random.chance(0.6)) return random.chance(0.1) ? NaN : int(random.below(4));
  switch (random.below(14)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([NaN, Infinity, -Infinity, -0, 0.5, 1.5]);
    case 3:
      return BigInt(random.pick(['1', '2', '9007199254740993', '-3']));
    case 4:
      return Decimal128.fromString(random.pick(['1', '1.5', 'NaN', '2.50']));
    case 5:
    case 6:
      return random.pick(['', 'x', 'y', 'x\0y', 'é']);
    case 7:
      return 'z';
    case 8:
      return new Date(random.below(3) * 1000);
    case 9:
      return new ObjectId(random.below(3).toString(16).padStart(24, '0'));
    case 10:
      return random.chance(0.5) ? new Timestamp(BigInt(random.below(3))) : plain({ x: random.below(2) });
    default:
      return int(random.below(5));
  }
}

function value(random: Random, arrays: boolean): Value {
  if (!arrays || !random.chance(0.25)) return scalar(random);
  const length = random.below(4);
  return Array.from({ length }, () =>
    random.chance(0.2) ? plain({ x: random.below(3), y: random.below(3) }) : scalar(random),
  );
}

function document(random: Random, id: number, arrays: boolean): Doc {
  const made: Doc = new Map([['_id', int(id)]]);
  for (const field of ['a', 'b', 'c', 'e']) if (random.chance(0.85)) made.set(field, value(random, arrays));
  if (random.chance(0.8)) {
    const inner = (): Doc => {
      const d: Doc = new Map();
      for (const field of ['x', 'y']) if (random.chance(0.8)) d.set(field, value(random, arrays && random.chance(0.3)));
      return d;
    };
    const shape = random.next();
    made.set('d', shape < 0.35 && arrays ? [inner(), inner()] : shape < 0.4 ? scalar(random) : inner());
  }
  return made;
}

/** What queries are made to fit: values that are stored, and the keys of the indexes that are there. */
interface Stock {
  values: Map<string, Value[]>;
  keys: Doc[];
}

function stockOf(documents: Doc[], keys: Doc[]): Stock {
  const values = new Map(
    PATHS.map((path): [string, Value[]] => [path, documents.flatMap((d) => valuesAtPath(d, path))]),
  );
  return { values, keys };
}

/** A value to compare a path with: mostly one that is stored there. */
function compared(random: Random, path: string, stock: Stock): Value {
  const stored = stock.values.get(path) ?? [];
  return stored.length > 0 && random.chance(0.7) ? random.pick(stored) : scalar(random);
}

function condition(random: Random, path: string, stock: Stock): Value {
  const pick = (): Value => compared(random, path, stock);
  switch (random.below(10)) {
    case 0:
    case 1:
      return new Map([[random.pick(['$in', '$in', '$nin']), Array.from({ length: random.below(5) }, pick)]]);
    case 2:
      return new Map([[random.pick(['$gt', '$gte']), pick()]]);
    case 3:
      return new Map([[random.pick(['$lt', '$lte']), pick()]]);
    case 4:
      return new Map([
        [random.pick(['$gt', '$gte']), pick()],
        [random.pick(['$lt', '$lte']), pick()],
      ]);
    case 5:
      return new Map([[random.pick(['$ne', '$eq']), pick()]]);
    case 6:
      return new Map<string, Value>([['$exists', random.chance(0.7)]]);
    case 7:
      return random.chance(0.5) ? [pick(), pick()] : plain({ $elemMatch: { $gt: 1, $lt: 4 } });
    default:
      return pick();
  }
}

function filter(random: Random, stock: Stock, depth = 0): Doc {
  const made: Doc = new Map();
  if (random.chance(0.6) && stock.keys.length > 0) {
    // On the first fields of an index, as it is meant to be used.
    const paths = [...random.pick(stock.keys).keys()];
    const count = 1 + random.below(paths.length);
    for (const path of paths.slice(0, count)) made.set(path, condition(random, path, stock));
  } else {
    const count = random.below(4);
    for (let i = 0; i < count; i++) {
      const path = random.pick([...PATHS, '_id']);
      made.set(path, condition(random, path, stock));
    }
  }
  if (depth < 2 && random.chance(0.2)) {
    made.set(random.pick(['$or', '$and', '$nor']), [
      filter(random, stock, depth + 1),
      filter(random, stock, depth + 1),
    ]);
  }
  return made;
}

function sort(random: Random, { keys }: Stock): Doc | undefined {
  if (random.chance(0.3)) return undefined;
  if (random.chance(0.6) && keys.length > 0) {
    // A part of an index's key, turned round or not, sometimes in another order and with more behind it.
    const fields = [...random.pick(keys)];
    const turn = random.chance(0.5) ? 1 : -1;
    const part = fields.slice(random.below(fields.length));
    if (random.chance(0.2)) part.reverse();
    const made: Doc = new Map(part.map(([path, direction]): [string, Value] => [path, int(Number(direction) * turn)]));
    if (random.chance(0.2)) made.set('_id', int(turn));
    return made;
  }
  const made: Doc = new Map();
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) made.set(random.pick([...PATHS, '_id']), int(random.chance(0.5) ? 1 : -1));
  return made;
}

/** A query as indexes are made for: values for the first fields, maybe a range on the next, sorted by the rest. */
function shaped(random: Random, stock: Stock): { filter: Doc; order: Doc } | undefined {
  const compound = stock.keys.filter((key) => key.size > 1);
  if (compound.length === 0) return undefined;
  const fields = [...random.pick(compound)];
  const fixed = 1 + random.below(fields.length - 1);
  const made: Doc = new Map();
  for (const [path] of fields.slice(0, fixed)) {
    const several = Array.from({ length: 2 + random.below(4) }, () => compared(random, path, stock));
    made.set(path, random.chance(0.5) ? new Map([['$in', several]]) : compared(random, path, stock));
  }
  const [next] = fields[fixed] as [string, Value];
  if (random.chance(0.4))
    made.set(next, new Map([[random.pick(['$gt', '$lte', '$lt']), compared(random, next, stock)]]));
  const turn = random.chance(0.5) ? 1 : -1;
  const part = fields.slice(random.chance(0.7) ? fixed : random.below(fields.length));
  const order: Doc = new Map(part.map(([path, direction]): [string, Value] => [path, int(Number(direction) * turn)]));
  if (random.chance(0.3)) order.set(random.chance(0.5) ? '_id' : (fields[0] as [string, Value])[0], int(1));
  return { filter: made, order };
}

function index(random: Random, n: number): Doc {
  const key: Doc = new Map();
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) key.set(random.pick(PATHS), int(random.chance(0.5) ? 1 : -1));
  const made: Doc = new Map<string, Value>([
    ['key', key],
    ['name', `i${n}`],
  ]);
  const kind = random.next();
  if (random.chance(0.15)) made.set('unique', true);
  if (kind < 0.15) made.set('sparse', true);
  else if (kind < 0.35) {
    const partial = random.pick([{ a: 1 }, { b: { $exists: true } }, { a: { $gt: 1 } }, { c: { $in: [1, 'x'] } }]);
    made.set('partialFilterExpression', plain(partial));
  }
  return made;
}

const text = (d: Doc): string => encode(d).toString('hex');

function shown(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    v instanceof Map ? Object.fromEntries(v) : typeof v === 'bigint' ? String(v) : v,
  );
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** Rows that compare equal may come in any order; what they are sorted by may not. */
function sameOrder(order: Doc, got: Doc[], want: Doc[]): boolean {
  const { key } = compileSorter(order);
  return got.every((document, i) => {
    try {
      return key(document).equals(key(want[i] as Doc));
    } catch {
      // A single row is never compared by the database, so its parallel arrays go unnoticed there.
      return want.length === 1;
    }
  });
}

it('ranges that are read side by side are in order also where null is among several values', async () => {
  const db = new InProcess();
  try {
    const documents = [
      { _id: 0, a: 1, c: 1, d: 1 },
      { _id: 1, a: 2, c: 3, d: 1 },
      { _id: 2, a: 1, c: null, d: 5 },
      { _id: 3, a: 2, c: 1, d: 4 },
      { _id: 4, a: 1, c: 3, d: 0 },
      { _id: 5, a: 2, d: 9 },
    ];
    await db.ok(command('insert', 'c', { documents: documents.map((one) => plain(one)) }));
    await db.ok(command('createIndexes', 'c', { indexes: [plain({ key: { a: 1, c: 1, d: 1 }, name: 'i' })] }));
    const find = command('find', 'c', {
      filter: plain({ a: { $in: [1, 2] }, c: { $in: [null, 1, 3] } }),
      sort: plain({ c: -1, d: -1 }),
    });
    expect(shown(await db.command(command('explain', find)))).toContain('SORT_MERGE');
    expect((await db.documents(find)).map((found) => found.get('_id'))).toEqual([1, 4, 3, 0, 5, 2].map(int));
  } finally {
    await db.close();
  }
});

const byId = compileSorter(plain({ _id: 1 }) as Doc);

describe('an indexed answer is the answer of a full scan', () => {
  const seed = seedOf();
  it(`over ${ROUNDS} collections of ${QUERIES} queries each (EPOCHGRAPH_SEED=${seed})`, async () => {
    let indexed = 0;
    let sortedByIndex = 0;
    let merged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(seed + round);
      const db = new InProcess();
      try {
        const arrays = random.chance(0.5);
        long = random.chance(0.3);
        few = random.chance(0.6);
        const fresh = (id: number): Doc => document(random, id, arrays);
        await db
          .ok(command('insert', 'c', { documents: Array.from({ length: 60 }, (_, i) => fresh(i)) }))
          .catch(() => undefined);
        const before = 1 + random.below(3);
        const create = async (n: number): Promise<void> => {
          // A multikey index over two arrays is refused: that is right, and the round goes on without it.
          await db.command(command('createIndexes', 'c', { indexes: [index(random, n)] }));
        };
        for (let n = 0; n < before; n++) await create(n);
        // Changes after the indexes were made go through their maintenance.
        await db.command(
          command('insert', 'c', { ordered: false, documents: Array.from({ length: 40 }, (_, i) => fresh(100 + i)) }),
        );
        for (let i = 0; i < 20; i++) {
          const replaced = { q: plain({ _id: random.below(140) }), u: fresh(0) };
          replaced.u.delete('_id');
          await db.command(command('update', 'c', { updates: [new Map(Object.entries(replaced))] }));
          await db.command(command('delete', 'c', { deletes: [plain({ q: { _id: random.below(140) }, limit: 1 })] }));
        }
        await create(9);
        const indexes = await db.documents(command('listIndexes', 'c'));
        const keys = indexes.map((i) => i.get('key') as Doc);
        const stock = stockOf(await db.documents(command('find', 'c')), keys);
        for (let q = 0; q < QUERIES; q++) {
          const fitting = random.chance(0.4) ? shaped(random, stock) : undefined;
          const asked: Record<string, Value> = { filter: fitting?.filter ?? filter(random, stock) };
          const order = fitting ? fitting.order : sort(random, stock);
          const limit = random.chance(0.4) ? 1 + random.below(10) : 0;
          const skip = random.chance(0.2) ? random.below(5) : 0;
          if (order) asked.sort = order;
          const scan = command('find', 'c', { ...asked, hint: plain({ $natural: 1 }) });
          // MongoDB refuses some sorts for what the documents hold (parallel arrays): there is nothing to compare then.
          if ((await db.command(scan)).get('ok') !== 1) continue;
          const all = await db.documents(scan);
          const unlimited = await db.documents(command('find', 'c', asked));
          const limited = await db.documents(command('find', 'c', { ...asked, limit: int(limit), skip: int(skip) }));
          const window = all.slice(skip, limit === 0 ? undefined : skip + limit);
          const faults = [
            same(unlimited.map(text).sort(), all.map(text).sort()) ? '' : 'other documents',
            limited.length === window.length ? '' : `${limited.length} documents instead of ${window.length}`,
            order === undefined || sameOrder(order, unlimited, all) ? '' : 'other order',
            order === undefined || sameOrder(order, limited, window) ? '' : 'other order within limit',
          ].filter((fault) => fault !== '');
          // For groups by what an index holds, no document need be read.
          const path = random.pick([...keys.flatMap((key) => [...key.keys()]), 'none']);
          const pipeline = [
            plain({ $match: asked.filter }),
            plain({ $group: { _id: random.chance(0.2) ? null : `$${path}`, n: { $sum: 1 } } }),
          ];
          const groups = async (how: Record<string, Value>): Promise<string[]> => {
            const found = await db.documents(command('aggregate', 'c', { pipeline, cursor: new Map(), ...how }));
            return found.map((one) => `${byId.key(one).toString('hex')} ${Number(one.get('n'))}`).sort();
          };
          if (!same(await groups({}), await groups({ hint: plain({ $natural: 1 }) })))
            faults.push(`other groups of ${shown(pipeline)}`);
          if (faults.length > 0)
            throw new Error(`${faults.join(', ')}: seed ${seed} round ${round} query ${q}: ${shown(asked)}`);
          const explained = await db.command(
            command('explain', command('find', 'c', asked), { verbosity: 'queryPlanner' }),
          );
          const plan = shown(explained);
          if (plan.includes('IXSCAN')) indexed++;
          if (plan.includes('SORT_MERGE')) merged++;
          if (plan.includes('IXSCAN') && order !== undefined && !plan.includes('"SORT"')) sortedByIndex++;
        }
      } finally {
        await db.close();
      }
    }
    // The comparison means something only if indexes were used.
    expect(indexed).toBeGreaterThan(ROUNDS * QUERIES * 0.2);
    expect(sortedByIndex).toBeGreaterThan(ROUNDS);
    expect(merged).toBeGreaterThan(ROUNDS / 2);
  }, 600_000);
});
