import { serialize } from 'bson';
import { compileProjection } from '../../src/embedded/project';
import { decode, decodeFields } from '../../src/embedded/values/codec';
import { encode } from '../../src/embedded/values/encoder';
import { StoredDoc } from '../../src/embedded/values/stored-doc';
import { int, type Doc, type Value } from '../../src/embedded/values/value';
import { generateDocument } from './naive/generate';
import { Random, seedOf } from './random';

const PATHS = ['_id', 'a', 'b', 'c', 'd', 'd.x', 'd.y', 'a.x', 'd.x.y', 'none'];
const seed = seedOf();
const random = new Random(seed);

/** Paths none of which leads to or through another one. */
function randomPaths(): string[] {
  const paths: string[] = [];
  for (const path of Array.from({ length: 1 + random.below(4) }, () => random.pick(PATHS))) {
    const isApart = paths.every((other) => !`${other}.`.startsWith(`${path}.`) && !`${path}.`.startsWith(`${other}.`));
    if (isApart) paths.push(path);
  }
  return paths;
}

describe(`stored documents (EPOCHGRAPH_SEED=${seed})`, () => {
  const documents = Array.from({ length: 2_000 }, (_, id) => serialize(generateDocument(random, id, id % 2 === 0)));
  const stored = documents.map((bytes) => Buffer.from(bytes));

  test('give the same bytes for a projection as decoded ones do', () => {
    for (const bytes of stored) {
      const specification: Doc = new Map(randomPaths().map((path): [string, Value] => [path, int(1)]));
      if (random.chance(0.3) && !specification.has('_id') && specification.size > 0) specification.set('_id', int(0));
      const project = compileProjection(specification);
      const expected = encode(project(decode(bytes)));
      expect(encode(project(new StoredDoc(bytes))).toString('hex')).toBe(expected.toString('hex'));
    }
  });

  test('are written as they are, alone and inside others, and whole again once somebody has looked or changed them', () => {
    for (const bytes of stored.slice(0, 300)) {
      const untouched = new StoredDoc(bytes);
      const holder: Doc = new Map<string, Value>([['row', untouched]]);
      expect(encode(untouched).equals(bytes)).toBe(true);
      expect(encode(holder).equals(encode(new Map([['row', decode(bytes)]])))).toBe(true);
      const looked = new StoredDoc(bytes);
      expect([looked.size, [...looked.keys()], looked.has('_id')]).toEqual([
        decode(bytes).size,
        [...decode(bytes).keys()],
        true,
      ]);
      const changed = new StoredDoc(bytes).set('more', true);
      expect(encode(changed).equals(encode(new Map(decode(bytes)).set('more', true)))).toBe(true);
    }
  });

  test('give some of their fields as they give all', () => {
    for (const bytes of stored) {
      const names = new Set(['a', 'd', 'none'].filter(() => random.chance(0.7)));
      const expected: Doc = new Map([...decode(bytes)].filter(([name]) => names.has(name)));
      expect(encode(decodeFields(bytes, names)).equals(encode(expected))).toBe(true);
    }
  });
});
