import { compilePipeline, type StageSource } from '../../src/embedded/aggregate';
import { compileExpression } from '../../src/embedded/aggregate/expression';
import { toBoolean } from '../../src/embedded/aggregate/coerce';
import { conditionsOf } from '../../src/embedded/conditions';
import { compileMatcher } from '../../src/embedded/match';
import type { Query } from '../../src/embedded/planner';
import { compileSorter } from '../../src/embedded/sort';
import { StoredDoc } from '../../src/embedded/values/stored-doc';
import { encode } from '../../src/embedded/values/encoder';
import { identical } from '../../src/embedded/values/compare';
import { doc, int, ObjectId, type Doc, type Value } from '../../src/embedded/values/value';
import { command, InProcess } from './in-process';
import { Random, seedOf } from './random';

const seed = seedOf();
console.log(`lookup: EPOCHGRAPH_SEED=${seed}`);
const random = new Random(seed);

const SCALARS: Value[] = [
  int(1),
  1,
  2n,
  'a',
  null,
  true,
  NaN,
  new ObjectId('0123456789abcdef01234567'),
  doc({ x: int(1) }),
];

function value(): Value | undefined {
  if (random.chance(0.15)) return undefined;
  if (random.chance(0.15)) return Array.from({ length: random.below(3) }, () => random.pick(SCALARS));
  if (random.chance(0.2)) return doc({ b: random.chance(0.3) ? [random.pick(SCALARS)] : random.pick(SCALARS) });
  if (random.chance(0.1)) return [doc({ b: random.pick(SCALARS) }), doc({ b: random.pick(SCALARS) })];
  return random.pick(SCALARS);
}

const documents = (n: number): Doc[] =>
  Array.from({ length: n }, (_, i) => doc({ _id: int(i), a: value(), c: value(), n: int(random.below(5)) }));

/** Answers from a list whatever it is asked, and gives only the fields asked for. */
function listSource(inner: Doc[]): StageSource & { queries: Query[] } {
  const queries: Query[] = [];
  return {
    queries,
    find(_collection, query, fields) {
      queries.push(query);
      const { filter, vars, sort, skip = 0, limit } = query;
      const found = inner.filter(compileMatcher(filter, vars));
      const sorted = sort ? compileSorter(sort).sort(found, (document) => document) : found;
      const bounded = sorted.slice(skip, limit === undefined ? undefined : skip + limit);
      return bounded.map((d) => new StoredDoc(encode(d), fields));
    },
  };
}

test('a lookup by $expr gives what the expression says, whatever part of it the source answers', () => {
  for (let round = 0; round < 300; round++) {
    const outer = documents(6);
    const inner = documents(25);
    const path = random.pick(['$a', '$a.b', '$c']);
    const eq = random.chance(0.5) ? [path, '$$v'] : ['$$v', path];
    const condition = random.pick<Value>([
      doc({ $eq: eq }),
      doc({ $and: [doc({ $eq: eq }), doc({ $gt: ['$n', int(1)] })] }),
      doc({ $and: [doc({ $eq: eq }), doc({ $eq: ['$c', '$$w'] })] }),
    ]);
    const limit = 1 + random.below(5);
    const stages: Value[] = [
      doc({ $match: doc({ $expr: condition }) }),
      doc({ $match: doc({ n: doc({ $lt: int(4) }) }) }),
      doc({ $sort: doc({ n: int(-1), _id: int(1) }) }),
      doc({ $limit: int(limit) }),
      doc({ $project: doc({ n: int(1) }) }),
    ];
    const variables = doc({ v: '$a', w: '$c' });
    const lookup = doc({ $lookup: doc({ from: 'inner', let: variables, pipeline: stages, as: 'found' }) });
    const got = [...compilePipeline([lookup]).run(outer, listSource(inner))];
    got.forEach((result, i) => {
      const vars = new Map([
        ['v', outer[i]!.get('a')],
        ['w', outer[i]!.get('c')],
      ]);
      const holds = compileExpression(condition, vars);
      const want = inner
        .filter((d) => toBoolean(holds(d)) && (d.get('n') as { value: number }).value < 4)
        .sort((a, b) => Number(b.get('n')) - Number(a.get('n')) || Number(a.get('_id')) - Number(b.get('_id')))
        .slice(0, limit)
        .map((d) => doc({ _id: d.get('_id'), n: d.get('n') }));
      if (!identical(result.get('found'), want)) throw new Error(`round ${round}, document ${i}`);
    });
  }
});

test('lookups through indexes find what those without do', async () => {
  const db = new InProcess();
  try {
    const inner = documents(60);
    const indexes = ['a', 'a.b', 'c'].map((path) => doc({ key: doc({ [path]: int(1), n: int(1) }), name: path }));
    await db.ok(command('insert', 'outer', { documents: documents(30) }));
    for (const name of ['scanned', 'indexed']) await db.ok(command('insert', name, { documents: inner }));
    // Two of them meet arrays side by side in some documents: each that can be is made.
    for (const index of indexes) await db.command(command('createIndexes', 'indexed', { indexes: [index] }));
    const order = doc({ $sort: doc({ _id: int(1) }) });
    for (const path of ['a', 'a.b', 'c'])
      for (const local of ['a', 'a.b', 'c', '_id']) {
        const matching = doc({ $match: doc({ $expr: doc({ $eq: [`$${path}`, '$$v'] }) }) });
        const found = async (from: string, join: Doc): Promise<Doc[]> => {
          const lookup = doc({ $lookup: new Map([...doc({ from, as: 'found', pipeline: [order] }), ...join]) });
          return db.documents(command('aggregate', 'outer', { pipeline: [order, lookup], cursor: new Map() }));
        };
        const byFields = new Map<string, Value>([
          ['localField', local],
          ['foreignField', path],
        ]);
        const byExpression = doc({ let: doc({ v: `$${local}` }), pipeline: [matching, order] });
        for (const join of [byFields, byExpression])
          expect(identical(await found('indexed', join), await found('scanned', join))).toBe(true);
      }
  } finally {
    await db.close();
  }
});

test('an equality with a variable is one that an index can serve, with order and limit', () => {
  const source = listSource(documents(5));
  const pipeline = [
    doc({ $match: doc({ $expr: doc({ $eq: ['$run', '$$id'] }), epoch: doc({ $gt: int(0) }) }) }),
    doc({ $sort: doc({ epoch: int(1) }) }),
    doc({ $limit: int(2) }),
  ];
  const lookup = doc({ $lookup: doc({ from: 'inner', let: doc({ id: '$_id' }), pipeline, as: 'found' }) });
  expect([...compilePipeline([lookup]).run([doc({ _id: int(7) })], source)]).toHaveLength(1);
  const [query] = source.queries;
  const { byPath: conditions } = conditionsOf(query!.filter, query!.vars);
  expect(conditions.get('run')!.points).toEqual([int(7)]);
  expect(conditions.get('epoch')!.above).toEqual({ value: int(0), inclusive: false });
  expect(query).toMatchObject({ limit: 2, sort: doc({ epoch: int(1) }) });
});

test('a pipeline gives the same from the fields that it says it needs as from whole documents', () => {
  const pipelines: Value[][] = [
    [doc({ $group: doc({ _id: '$a.b', n: doc({ $sum: '$n' }), all: doc({ $push: doc({ c: '$c' }) }) }) })],
    [
      doc({ $match: doc({ $or: [doc({ n: int(1) }), doc({ $expr: doc({ $eq: ['$a', '$c'] }) })] }) }),
      doc({ $count: 'k' }),
    ],
    [
      doc({ $sort: doc({ n: int(1), _id: int(-1) }) }),
      doc({ $limit: int(9) }),
      doc({ $project: doc({ 'a.b': int(1), z: '$c' }) }),
    ],
    [doc({ $unwind: '$a' }), doc({ $group: doc({ _id: null, s: doc({ $max: '$a' }) }) })],
    [doc({ $group: doc({ _id: doc({ $type: '$$ROOT.c' }), n: doc({ $sum: int(1) }) }) })],
    [doc({ $project: doc({ n: int(0) }) })],
  ];
  const whole = documents(200);
  for (const stages of pipelines) {
    const { fields, leading, run } = compilePipeline(stages);
    const matched = whole.filter(compileMatcher(leading.filter));
    const sorted = leading.sort ? compileSorter(leading.sort).sort(matched, (document) => document) : matched;
    const found = sorted.slice(0, leading.limit);
    const some = found.map((document) => new StoredDoc(encode(document), fields));
    expect(identical([...run(some, listSource([]))], [...run(found, listSource([]))])).toBe(true);
  }
});
