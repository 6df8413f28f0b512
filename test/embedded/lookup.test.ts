import { compilePipeline, type StageSource } from '../../src/embedded/aggregate';
import { compileExpression } from '../../src/embedded/aggregate/expression';
import { toBoolean } from '../../src/embedded/aggregate/coerce';
import { compileMatcher } from '../../src/embedded/match';
import { compileSorter } from '../../src/embedded/sort';
import { decode, encode } from '../../src/embedded/values/codec';
import { identical } from '../../src/embedded/values/compare';
import { doc, int, ObjectId, type Doc, type Value } from '../../src/embedded/values/value';
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

/** Answers from a list with whatever filter, order and bounds it is given, and gives only the fields asked for. */
function listSource(inner: Doc[]): StageSource & { filters: Doc[] } {
  const filters: Doc[] = [];
  return {
    filters,
    find(_collection, filter, { sort, skip = 0, limit, fields }) {
      filters.push(filter);
      const found = inner.filter(compileMatcher(filter).matches);
      const sorted = sort ? compileSorter(sort).sort(found, (document) => document) : found;
      const bounded = sorted.slice(skip, limit === undefined ? undefined : skip + limit);
      return bounded.map((d) => decode(encode(d), fields));
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

test('an equality with a plain value reaches the source as a filter on its own, with order and limit', () => {
  const source = listSource(documents(5));
  const pipeline = [
    doc({ $match: doc({ $expr: doc({ $eq: ['$run', '$$id'] }), epoch: doc({ $gt: int(0) }) }) }),
    doc({ $sort: doc({ epoch: int(1) }) }),
    doc({ $limit: int(2) }),
  ];
  const lookup = doc({ $lookup: doc({ from: 'inner', let: doc({ id: '$_id' }), pipeline, as: 'found' }) });
  expect([...compilePipeline([lookup]).run([doc({ _id: int(7) })], source)]).toHaveLength(1);
  const [filter] = source.filters;
  expect((filter!.get('run') as Doc).get('$eq')).toEqual(int(7));
  expect(filter!.has('epoch')).toBe(true);
  expect(filter!.has('$expr')).toBe(false);
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
    const all = (input: Doc[]): Doc[] => {
      const matched = leading.match ? input.filter(compileMatcher(leading.match).matches) : input;
      const sorted = leading.sort ? compileSorter(leading.sort).sort(matched, (document) => document) : matched;
      return [...run(sorted.slice(0, leading.limit), listSource([]))];
    };
    const some = whole.map((d) => decode(encode(d), fields));
    expect(identical(all(some), all(whole))).toBe(true);
  }
});
