import { Binary, BSONRegExp, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import type { Random } from '../random';
import { typeName, type Bson, type Obj } from './compare';
import type { Index, Pattern } from './keys';
import { reached } from './match';

const INDEXED = ['a', 'b', 'c', 'd.x', 'd.y'];
const ASKED = [...INDEXED, 'd', 'a.x', 'a.0', 'd.0.x', 'd.x.y', '_id'];
const int = (n: number): Int32 => new Int32(n);
const many = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

/** Values of every type, from a small set, so that documents share them. */
function scalar(random: Random): Bson {
  const kinds: (() => Bson)[] = [
    () => null,
    () => random.chance(0.5),
    () => new Double(random.pick([NaN, Infinity, -Infinity, -0, 0.5, 1, 2.5])),
    () => Long.fromString(random.pick(['1', '2', '-3', '9007199254740993'])),
    () => Decimal128.fromString(random.pick(['1', '1.50', '2.5', 'NaN', '-Infinity', '9007199254740993'])),
    () => new Date(random.below(3) * 1000 - 1000),
    () => new ObjectId(random.below(3).toString(16).padStart(24, '0')),
    () => new Timestamp({ t: 1 + random.below(2), i: 1 }),
    () => new Binary(Buffer.from(random.pick(['', 'x', 'yy'])), random.below(2) * 128),
    () => ({ x: int(random.below(3)), ...(random.chance(0.5) && { y: scalar(random) }) }),
    () => new BSONRegExp('x', random.pick(['', 'i'])),
    () => random.pick([new MinKey(), new MaxKey()]),
  ];
  const common = random.below(3);
  if (common === 0) return int(random.below(5) - 1);
  return common === 1 ? random.pick(['', 'x', 'X', 'xy', 'y', 'é', '\u{1f600}', '\uffee']) : random.pick(kinds)();
}

/** A value, in one of four an array of some if `arrays`: of values, documents and sometimes arrays. */
function value(random: Random, arrays: boolean): Bson {
  if (!arrays || random.chance(0.75)) return scalar(random);
  return many(random.below(4), () => value(random, random.chance(0.3)));
}

function inner(random: Random, arrays: boolean): Obj {
  const fields = ['x', 'y'].filter(() => random.chance(0.8));
  return Object.fromEntries(fields.map((field) => [field, value(random, arrays && random.chance(0.4))]));
}

/** A document with the fields that queries and indexes are made for; without arrays unless `arrays`. */
export function generateDocument(random: Random, id: number, arrays: boolean): Obj {
  const fields = ['a', 'b', 'c'].filter(() => random.chance(0.85));
  const made: Obj = { _id: int(id), ...Object.fromEntries(fields.map((field) => [field, value(random, arrays)])) };
  const shape = random.next();
  if (shape < 0.25 && arrays) made.d = many(random.below(4), () => inner(random, random.chance(0.5)));
  else if (shape < 0.9) made.d = shape < 0.35 ? value(random, arrays) : inner(random, arrays);
  return made;
}

/** An index of one to three fields in both directions, sometimes unique, sparse or partial. */
export function generateIndex(random: Random, name: string): Index {
  const made: Index = { name, key: {} };
  many(1 + random.below(3), () => (made.key[random.pick(INDEXED)] = random.chance(0.5) ? 1 : -1));
  if (random.chance(0.2)) made.unique = true;
  const kind = random.next();
  if (kind < 0.2) made.sparse = true;
  else if (kind < 0.4) {
    const conditions = [{ $exists: true }, { $gt: int(0) }, { $lte: 'x' }, { $type: 'number' }, int(1)];
    made.partialFilterExpression = { [random.pick(INDEXED)]: random.pick<Bson>(conditions) };
  }
  return made;
}

/** Queries and sorts for documents and indexes: their values and keys are what is mostly asked for. */
export class Questions {
  constructor(
    private readonly random: Random,
    private readonly documents: Obj[],
    private readonly indexes: Index[],
  ) {}

  /** A value to compare a path with. Regular expressions are none: they are refused beside an operator. */
  private operand(path: string): Bson {
    // Null finds missing fields too, which sparse indexes leave out.
    if (this.random.chance(0.1)) return null;
    const stored = reached(this.random.pick(this.documents), path.split('.'), true);
    const made = stored.length > 0 && this.random.chance(0.7) ? this.random.pick(stored) : scalar(this.random);
    return made === undefined || typeName(made) === 'regex' ? int(1) : made;
  }

  private bound(path: string, names: [string, string], end: Bson): Obj {
    const operand = this.operand(path);
    return { [this.random.pick(names)]: typeName(operand).endsWith('Key') ? end : operand };
  }

  /** Operators on a path. */
  private operators(path: string, depth: number): Obj {
    const { random } = this;
    const low = (): Obj => this.bound(path, ['$gt', '$gte'], new MinKey());
    const high = (): Obj => this.bound(path, ['$lt', '$lte'], new MaxKey());
    const list = (): Bson[] => many(random.below(4), () => this.operand(path));
    const kinds: (() => Obj)[] = [
      low,
      high,
      () => ({ ...low(), ...high() }),
      () => ({ [random.pick(['$eq', '$ne'])]: this.operand(path) }),
      () => ({ $in: list() }),
      () => ({ $in: [...list(), new BSONRegExp('^x')] }),
      () => ({ $nin: list() }),
      () => ({ $exists: random.chance(0.5) }),
      () => ({ $type: random.pick<Bson>(['number', 'array', 'string', int(3), ['int', 'null'], 'regex']) }),
      () => ({ $size: int(random.below(4)) }),
      // Remainders that NaN and infinities don't have in any version.
      () => ({
        $mod: random
          .pick([
            ['4', '1'],
            ['3', '2'],
            ['4', '2'],
          ])
          .map((n) => int(Number(n))),
      }),
      () => ({ $regex: random.pick(['^x', 'y', 'x', '^(x|é)', '.']), $options: random.pick(['', 'i']) }),
      () => ({ $all: list() }),
    ];
    if (depth < 2) {
      const field = random.pick(['x', 'y']);
      kinds.push(
        () => ({ $not: this.operators(path, depth + 1) }),
        () => ({ $elemMatch: this.operators(path, depth + 1) }),
        () => ({ $elemMatch: { [field]: this.condition(`${path}.${field}`, depth + 1) } }),
        () => ({ $all: [{ $elemMatch: { ...low(), ...high() } }] }),
      );
    }
    return random.pick(kinds)();
  }

  private condition(path: string, depth: number): Bson {
    return this.random.chance(0.3) ? this.operand(path) : this.operators(path, depth);
  }

  /** A filter: half of them on the first fields of an index. */
  filter(depth = 0): Obj {
    const { random } = this;
    const indexed =
      this.indexes.length > 0 && random.chance(0.5) ? Object.keys(random.pick(this.indexes).key) : undefined;
    const paths = indexed?.slice(0, 1 + random.below(3)) ?? many(1 + random.below(2), () => random.pick(ASKED));
    const made = Object.fromEntries(paths.map((path) => [path, this.condition(path, 0)]));
    if (depth < 2 && random.chance(0.25))
      made[random.pick(['$or', '$and', '$nor'])] = many(1 + random.below(3), () => this.filter(depth + 1));
    return made;
  }

  /** A sort: half of them by an index or against it; half of them end with _id, so that they decide everything. */
  sort(): Pattern {
    const { random } = this;
    const sign = (): 1 | -1 => (random.chance(0.5) ? 1 : -1);
    const made: Pattern = {};
    if (this.indexes.length > 0 && random.chance(0.5)) {
      const turn = sign();
      for (const [path, direction] of Object.entries(random.pick(this.indexes).key))
        made[path] = direction === turn ? 1 : -1;
    } else many(1 + random.below(3), () => (made[random.pick([...INDEXED, 'd'])] = sign()));
    if (random.chance(0.5)) made._id = sign();
    return made;
  }

  /** A path to group by. */
  path(): string {
    return this.random.pick([...INDEXED, 'd', 'a.x']);
  }
}
