import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ACCUMULATORS } from '../../src/embedded/aggregate/accumulators';
import { compileExpression } from '../../src/embedded/aggregate/expression';
import { FORMS, FUNCTIONS } from '../../src/embedded/aggregate/operators';
import { compilePipeline } from '../../src/embedded/aggregate';
import { REFUSED_STAGES, STAGES } from '../../src/embedded/aggregate/stages';
import { compileMatcher } from '../../src/embedded/match';
import { compileProjection } from '../../src/embedded/project';
import { compileSorter } from '../../src/embedded/sort';
import { compileUpdate } from '../../src/embedded/update';
import { Decimal128, doc, int, type Value } from '../../src/embedded/values/value';

const page = readFileSync(path.resolve(__dirname, '../../docs/embedded-database.md'), 'utf8');

/** The names in the first code span behind a heading word of the page. */
function listed(word: string): string[] {
  const found = new RegExp(`${word}: \`([^\`]*)\``).exec(page);
  return found![1]!.split(/\s+/).sort();
}

const refused = (work: () => unknown): { code: number; message: string } => {
  try {
    work();
  } catch (error) {
    return { code: (error as { code: number }).code, message: (error as Error).message };
  }
  throw new Error('nothing was refused');
};

describe('the page on the embedded database', () => {
  test('lists the expressions that there are', () => {
    expect(listed('Expressions')).toEqual([...FUNCTIONS.keys(), ...FORMS.keys()].sort());
  });

  test('lists the stages and accumulators that there are', () => {
    expect(listed('Stages').filter((name) => name !== '$changeStream')).toEqual([...STAGES.keys()].sort());
    expect(listed('Accumulators of `\\$group`')).toEqual([...ACCUMULATORS.keys()].sort());
  });
});

describe('what is out of scope is refused by name', () => {
  test.each(['$where', '$text', '$jsonSchema', '$sampleRate', '$near'])('filter %s', (name) => {
    expect(refused(() => compileMatcher(doc({ [name]: 'x' })))).toMatchObject({
      code: 2,
      message: expect.stringContaining(name),
    });
  });

  test.each(['$near', '$geoWithin', '$bitsAllSet'])('condition %s', (name) => {
    const filter = doc({ a: doc({ [name]: int(1) }) });
    expect(refused(() => compileMatcher(filter))).toMatchObject({ code: 2, message: expect.stringContaining(name) });
  });

  test.each<[Value, string]>([
    [doc({ $bit: doc({ a: doc({ and: int(1) }) }) }), '$bit'],
    [[doc({ $set: doc({ a: int(1) }) })], 'pipeline'],
    [doc({ $pullAll: doc({ a: [int(1)] }) }), '$pullAll'],
  ])('update %#', (update, named) => {
    expect(refused(() => compileUpdate(update))).toMatchObject({ code: 9, message: expect.stringContaining(named) });
  });

  test('computing with decimals', () => {
    const decimal = Decimal128.fromString('1');
    const named = { code: 115, message: expect.stringContaining('Decimal128') };
    const sum = compileExpression(doc({ $add: [decimal, int(1)] }), new Map());
    expect(refused(() => sum(new Map()))).toMatchObject(named);
    expect(refused(() => compileUpdate(doc({ $inc: doc({ a: decimal }) })))).toMatchObject(named);
  });

  test('the positional operator', () => {
    const update = doc({ $set: doc({ 'a.$': int(1) }) });
    expect(refused(() => compileUpdate(update))).toMatchObject({ code: 2, message: expect.stringContaining('a.$') });
    const filtered = doc({ $set: doc({ 'a.$[]': int(1) }) });
    expect(refused(() => compileUpdate(filtered))).toMatchObject({
      code: 2,
      message: expect.stringContaining('a.$[]'),
    });
    expect(refused(() => compileProjection(doc({ 'a.$': int(1) })))).toMatchObject({ code: 31276 });
  });

  test.each(['$sort', '$position'])('%s in $push', (name) => {
    const update = doc({ $push: doc({ a: doc({ $each: [], [name]: int(1) }) }) });
    expect(refused(() => compileUpdate(update))).toMatchObject({ code: 2, message: expect.stringContaining(name) });
  });

  test('$meta in sorts', () => {
    const meta = doc({ a: doc({ $meta: 'textScore' }) });
    expect(refused(() => compileSorter(meta))).toMatchObject({ code: 2, message: expect.stringContaining('$meta') });
  });

  test.each(['$meta', '$slice', '$elemMatch'])('%s in projections', (name) => {
    const projection = doc({ a: doc({ [name]: int(1) }) });
    expect(refused(() => compileProjection(projection))).toMatchObject({
      code: 168,
      message: expect.stringContaining(name),
    });
  });

  test.each([...REFUSED_STAGES])('stage %s', (name) => {
    const stages = [doc({ [name]: new Map() })];
    expect(refused(() => compilePipeline(stages))).toMatchObject({ code: 115, message: expect.stringContaining(name) });
  });

  test.each(
    '$function $map $filter $let $reduce $dateToString $regexMatch $max $getField $convert $toDecimal'.split(' '),
  )('expression %s', (name) => {
    const spec = doc({ [name]: [] });
    expect(refused(() => compileExpression(spec, new Map()))).toMatchObject({
      code: 168,
      message: expect.stringContaining(name),
    });
  });

  test.each(['[[:alpha:]]', 'a++', '\\Qa\\E', '(?<n>a)(?&n)', 'a(?i)b'])('regular expression %s', (pattern) => {
    const filter = doc({ a: doc({ $regex: pattern }) });
    expect(refused(() => compileMatcher(filter))).toMatchObject({
      code: 51091,
      message: expect.stringContaining(pattern),
    });
  });
});
