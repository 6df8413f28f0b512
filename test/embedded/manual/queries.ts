import { BSONRegExp, MaxKey, MinKey, ObjectId } from 'bson';
import { D, DEC, fails, L, type ProjectionCase, type QueryCase, type SortCase } from './case';

const numbers = [
  { _id: 1, a: 1 },
  { _id: 2, a: D(1) },
  { _id: 3, a: L(1) },
  { _id: 4, a: DEC('1.0') },
  { _id: 5, a: '1' },
];
const nulls = [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: 0 }, { _id: 4, a: [] }, { _id: 5, a: [null] }];
const nan = [
  { _id: 1, a: D(NaN) },
  { _id: 2, a: 1 },
  { _id: 3, a: D(-Infinity) },
  { _id: 4, a: null },
];
const arrays = [
  { _id: 1, a: [1, 2] },
  { _id: 2, a: [2, 1] },
  { _id: 3, a: [[1, 2]] },
  { _id: 4, a: 1 },
  { _id: 5, a: [] },
];
const nested = [
  {
    _id: 1,
    a: [
      { x: 1, y: 2 },
      { x: 2, y: 1 },
    ],
  },
  { _id: 2, a: [{ x: 1, y: 1 }] },
  { _id: 3, a: { x: 1, y: 1 } },
  { _id: 4, a: 5 },
  { _id: 5 },
];
const texts = [
  { _id: 1, s: 'abc' },
  { _id: 2, s: 'ABC' },
  { _id: 3, s: 'x\nabc' },
  { _id: 4, s: ['q', 'abc'] },
  { _id: 5, s: 5 },
];
const mixed = [
  { _id: 1, v: 1 },
  { _id: 2, v: 'a' },
  { _id: 3, v: true },
  { _id: 4, v: new Date(0) },
  { _id: 5, v: new ObjectId('0123456789abcdef01234567') },
  { _id: 6, v: { x: 1 } },
  { _id: 7, v: [1] },
  { _id: 8, v: null },
  { _id: 9 },
  { _id: 10, v: new MinKey() },
  { _id: 11, v: new MaxKey() },
];

const eq = 'reference/operator/query/eq';
const gt = 'reference/operator/query/gt';
const lt = 'reference/operator/query/lt';
const inPage = 'reference/operator/query/in';
const nin = 'reference/operator/query/nin';
const ne = 'reference/operator/query/ne';
const not = 'reference/operator/query/not';
const exists = 'reference/operator/query/exists';
const type = 'reference/operator/query/type';
const all = 'reference/operator/query/all';
const elemMatch = 'reference/operator/query/elemMatch';
const size = 'reference/operator/query/size';
const regex = 'reference/operator/query/regex';
const mod = 'reference/operator/query/mod';
const expr = 'reference/operator/query/expr';
const logic = 'reference/operator/query-logical';
const nullPage = 'tutorial/query-for-null-fields';
const arrayPage = 'tutorial/query-arrays';
const embeddedArray = 'tutorial/query-array-of-documents';
const order = 'reference/bson-type-comparison-order';
const sortPage = 'reference/method/cursor.sort';

export const QUERIES: QueryCase[] = [
  [eq, numbers, { a: 1 }, [1, 2, 3, 4]],
  [eq, numbers, { a: { $eq: '1' } }, [5]],
  [eq, nan, { a: D(NaN) }, [1]],
  [eq, nested, { a: { x: 1, y: 1 } }, [2, 3]],
  [eq, nested, { a: { y: 1, x: 1 } }, []],
  [
    eq,
    [
      { _id: 1, a: 0 },
      { _id: 2, a: D(-0) },
    ],
    { a: 0 },
    [1, 2],
  ],
  [eq, [{ _id: 1, a: 1 }], { a: { $eq: new BSONRegExp('1') } }, []],
  [eq, [{ _id: 1, a: L(Number.MAX_SAFE_INTEGER) }], { a: D(Number.MAX_SAFE_INTEGER) }, [1]],
  [eq, mixed, { v: { $eq: true } }, [3]],
  [eq, mixed, { v: new Date(0) }, [4]],
  [
    eq,
    [
      { _id: 1, a: 1, b: 2 },
      { _id: 2, a: 1, b: 3 },
    ],
    { a: 1, b: 3 },
    [2],
  ],
  [
    eq,
    [
      { _id: 1, a: {} },
      { _id: 2, a: { b: 1 } },
    ],
    { a: {} },
    [1],
  ],
  [nullPage, nulls, { a: null }, [1, 2, 5]],
  [nullPage, nulls, { a: { $ne: null } }, [3, 4]],
  [nullPage, nulls, { a: { $type: 10 } }, [1, 5]],
  [nullPage, nulls, { a: { $exists: false } }, [2]],
  [nullPage, nulls, { a: { $gte: null } }, [1, 2, 5]],
  [nullPage, nulls, { a: { $gt: null } }, []],
  [nullPage, nested, { 'a.x': null }, [4, 5]],
  [gt, numbers, { a: { $gt: 0 } }, [1, 2, 3, 4]],
  [gt, numbers, { a: { $gt: '0' } }, [5]],
  [gt, nan, { a: { $gt: D(-Infinity) } }, [2]],
  [gt, nan, { a: { $gte: D(NaN) } }, [1]],
  [gt, nan, { a: { $gt: D(NaN) } }, []],
  [gt, arrays, { a: { $gt: 1 } }, [1, 2]],
  [gt, arrays, { a: { $gte: [2] } }, [2, 3]],
  [
    gt,
    [
      { _id: 1, a: new Date(5) },
      { _id: 2, a: 5 },
    ],
    { a: { $gt: new Date(4) } },
    [1],
  ],
  [
    gt,
    [
      { _id: 1, a: true },
      { _id: 2, a: false },
    ],
    { a: { $gt: false } },
    [1],
  ],
  [
    gt,
    [
      { _id: 1, a: { b: 2 } },
      { _id: 2, a: { b: 0 } },
    ],
    { a: { $gt: { b: 1 } } },
    [1],
  ],
  [lt, nan, { a: { $lt: 1 } }, [3]],
  [lt, nan, { a: { $lte: D(NaN) } }, [1]],
  [lt, texts, { s: { $lt: 'a' } }, [2]],
  [lt, mixed, { v: { $lt: 5 } }, [1, 7]],
  [
    lt,
    [
      { _id: 1, a: 5 },
      { _id: 2, a: [1, 20] },
      { _id: 3, a: 15 },
    ],
    { a: { $gt: 3, $lt: 10 } },
    [1, 2],
  ],
  [lt, [{ _id: 1, a: [1, 20] }], { a: { $gt: 10, $lt: 5 } }, [1]],
  [gt, [{ _id: 1, a: 1 }], { a: { $gt: new BSONRegExp('x') } }, fails(2)],
  [inPage, numbers, { a: { $in: [1, 2] } }, [1, 2, 3, 4]],
  [inPage, nulls, { a: { $in: [null] } }, [1, 2, 5]],
  [inPage, nulls, { a: { $in: [] } }, []],
  [inPage, texts, { s: { $in: [new BSONRegExp('^ab'), 'ABC'] } }, [1, 2, 4]],
  [inPage, arrays, { a: { $in: [[1, 2]] } }, [1, 3]],
  [inPage, nan, { a: { $in: [D(NaN)] } }, [1]],
  [inPage, nested, { a: { $in: [5, { x: 1, y: 1 }] } }, [2, 3, 4]],
  [inPage, numbers, { a: { $in: 1 } }, fails(2)],
  [nin, numbers, { a: { $nin: [1] } }, [5]],
  [nin, nulls, { a: { $nin: [null] } }, [3, 4]],
  [nin, arrays, { a: { $nin: [1] } }, [3, 5]],
  [nin, numbers, { a: { $nin: [] } }, [1, 2, 3, 4, 5]],
  [ne, numbers, { a: { $ne: 1 } }, [5]],
  [ne, nested, { 'a.x': { $ne: 1 } }, [4, 5]],
  [ne, arrays, { a: { $ne: 1 } }, [3, 5]],
  [ne, numbers, { a: { $ne: new BSONRegExp('x') } }, fails(2)],
  [not, numbers, { a: { $not: { $gt: 0 } } }, [5]],
  [not, nulls, { a: { $not: { $gte: 0 } } }, [1, 2, 4, 5]],
  [not, texts, { s: { $not: new BSONRegExp('^a') } }, [2, 3, 5]],
  [not, nulls, { a: { $not: { $exists: true } } }, [2]],
  [not, numbers, { a: { $not: {} } }, fails(2)],
  [not, numbers, { a: { $not: 1 } }, fails(2)],
  [exists, nulls, { a: { $exists: true } }, [1, 3, 4, 5]],
  [exists, nested, { 'a.x': { $exists: true } }, [1, 2, 3]],
  [exists, arrays, { 'a.0': { $exists: true } }, [1, 2, 3]],
  [exists, arrays, { 'a.1': { $exists: false } }, [3, 4, 5]],
  [type, mixed, { v: { $type: 'number' } }, [1, 7]],
  [type, mixed, { v: { $type: 'array' } }, [7]],
  [type, mixed, { v: { $type: ['string', 'bool'] } }, [2, 3]],
  [type, mixed, { v: { $type: 'minKey' } }, [10]],
  [type, numbers, { a: { $type: 'long' } }, [3]],
  [type, numbers, { a: { $type: 19 } }, [4]],
  [type, numbers, { a: { $type: 'nonsense' } }, fails(2)],
  [type, arrays, { a: { $type: 'int' } }, [1, 2, 4]],
  [all, arrays, { a: { $all: [1, 2] } }, [1, 2]],
  [all, arrays, { a: { $all: [1] } }, [1, 2, 4]],
  [all, arrays, { a: { $all: [[1, 2]] } }, [1, 3]],
  [all, arrays, { a: { $all: [] } }, []],
  [all, nested, { a: { $all: [{ $elemMatch: { x: 1 } }, { $elemMatch: { y: 1 } }] } }, [1, 2]],
  [all, arrays, { a: { $all: 1 } }, fails(2)],
  [elemMatch, arrays, { a: { $elemMatch: { $gt: 1, $lt: 3 } } }, [1, 2]],
  [elemMatch, nested, { a: { $elemMatch: { x: 1, y: 1 } } }, [2]],
  [elemMatch, nested, { a: { $elemMatch: { x: 2, y: 1 } } }, [1]],
  [elemMatch, arrays, { a: { $elemMatch: { $elemMatch: { $eq: 2 } } } }, [3]],
  [elemMatch, nested, { a: { $elemMatch: { $or: [{ x: 2 }, { y: 5 }] } } }, [1]],
  [elemMatch, arrays, { a: { $elemMatch: { $in: [2] } } }, [1, 2]],
  [elemMatch, arrays, { a: { $elemMatch: 1 } }, fails(2)],
  [size, arrays, { a: { $size: 2 } }, [1, 2]],
  [size, arrays, { a: { $size: 0 } }, [5]],
  [size, arrays, { a: { $size: D(1) } }, [3]],
  [size, arrays, { a: { $size: -1 } }, fails(2)],
  [regex, texts, { s: { $regex: '^abc' } }, [1, 4]],
  [regex, texts, { s: { $regex: 'abc', $options: 'i' } }, [1, 2, 3, 4]],
  [regex, texts, { s: { $regex: '^abc', $options: 'm' } }, [1, 3, 4]],
  [regex, texts, { s: { $regex: 'x.a', $options: 's' } }, [3]],
  [regex, texts, { s: { $regex: 'x.a' } }, []],
  [regex, texts, { s: { $regex: '(?i)ABC' } }, [1, 2, 3, 4]],
  [regex, texts, { s: { $regex: '(' } }, fails(51091)],
  [regex, texts, { s: { $options: 'i' } }, fails(2)],
  [
    mod,
    [
      { _id: 1, a: 4 },
      { _id: 2, a: 5 },
      { _id: 3, a: D(4.7) },
      { _id: 4, a: '4' },
    ],
    { a: { $mod: [4, 0] } },
    [1, 3],
  ],
  [mod, [{ _id: 1, a: -5 }], { a: { $mod: [3, -2] } }, [1]],
  [mod, numbers, { a: { $mod: [0, 1] } }, fails(2)],
  [mod, numbers, { a: { $mod: [2] } }, fails(2)],
  [
    expr,
    [
      { _id: 1, a: 1, b: 2 },
      { _id: 2, a: 2, b: 1 },
    ],
    { $expr: { $gt: ['$a', '$b'] } },
    [2],
  ],
  [expr, nulls, { $expr: { $eq: ['$a', null] } }, [1]],
  [logic, numbers, { $or: [{ a: '1' }, { a: { $type: 'long' } }] }, [3, 5]],
  [logic, numbers, { $nor: [{ a: 1 }] }, [5]],
  [logic, numbers, { $and: [{ a: { $gte: 1 } }, { a: { $type: 'int' } }] }, [1]],
  [logic, numbers, { $and: [] }, fails(2)],
  [logic, numbers, { $or: {} }, fails(2)],
  [logic, numbers, { $nonsense: 1 }, fails(2)],
  [logic, numbers, { a: { $nonsense: 1 } }, fails(2)],
  [arrayPage, arrays, { a: [1, 2] }, [1, 3]],
  [arrayPage, arrays, { a: 2 }, [1, 2]],
  [arrayPage, arrays, { 'a.0': 1 }, [1]],
  [arrayPage, arrays, { 'a.0': [1, 2] }, [3]],
  [arrayPage, arrays, { a: [] }, [5]],
  [embeddedArray, nested, { 'a.x': 1 }, [1, 2, 3]],
  [embeddedArray, nested, { 'a.x': 2, 'a.y': 2 }, [1]],
  [embeddedArray, nested, { 'a.0.x': 1 }, [1, 2]],
  [embeddedArray, nested, { 'a.1.x': { $lte: 2 } }, [1]],
  [order, mixed, { v: { $gte: new MinKey() } }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  [order, mixed, { v: { $lt: new MaxKey() } }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
];

export const SORTS: SortCase[] = [
  [order, mixed, { v: 1, _id: 1 }, [10, 8, 9, 1, 7, 2, 6, 5, 3, 4, 11]],
  [order, mixed, { v: -1, _id: 1 }, [11, 4, 3, 5, 6, 2, 1, 7, 8, 9, 10]],
  [order, nan, { a: 1 }, [4, 1, 3, 2]],
  [order, nulls, { a: 1, _id: 1 }, [4, 1, 2, 5, 3]],
  [
    sortPage,
    [
      { _id: 1, a: [5, 1] },
      { _id: 2, a: 3 },
    ],
    { a: 1 },
    [1, 2],
  ],
  [
    sortPage,
    [
      { _id: 1, a: [5, 1] },
      { _id: 2, a: 3 },
    ],
    { a: -1 },
    [1, 2],
  ],
  [
    sortPage,
    [
      { _id: 1, a: { b: 2 } },
      { _id: 2, a: { b: 1 } },
    ],
    { 'a.b': 1 },
    [2, 1],
  ],
  [
    sortPage,
    [
      { _id: 1, a: [{ b: 9 }, { b: 2 }] },
      { _id: 2, a: { b: 3 } },
    ],
    { 'a.b': 1 },
    [1, 2],
  ],
  [sortPage, numbers, { a: 1, _id: -1 }, [4, 3, 2, 1, 5]],
  [sortPage, numbers, { a: 2 }, fails()],
  [
    sortPage,
    [
      { _id: 1, a: [1], b: [1] },
      { _id: 2, a: [1], b: [2] },
    ],
    { a: 1, b: 1 },
    fails(2),
  ],
];

const project = 'reference/method/db.collection.find';
const record = { _id: 1, a: { x: 1, y: 2 }, b: [{ x: 1, y: 1 }, { x: 2, y: 2 }, 3], c: [1, 2, 3, 4] };

export const PROJECTIONS: ProjectionCase[] = [
  [project, record, { c: 1 }, { _id: 1, c: [1, 2, 3, 4] }],
  [project, record, { c: 1, _id: 0 }, { c: [1, 2, 3, 4] }],
  [project, record, { 'a.x': 1 }, { _id: 1, a: { x: 1 } }],
  [project, record, { a: { x: 1 } }, { _id: 1, a: { x: 1 } }],
  [project, record, { 'b.x': 1 }, { _id: 1, b: [{ x: 1 }, { x: 2 }] }],
  [project, record, { a: 0, c: 0 }, { _id: 1, b: record.b }],
  [project, record, { 'b.x': 0, a: 0, c: 0 }, { _id: 1, b: [{ y: 1 }, { y: 2 }, 3] }],
  [project, record, { _id: 0, b: 0, c: 0 }, { a: { x: 1, y: 2 } }],
  [project, record, { _id: 1 }, { _id: 1 }],
  [project, record, { zz: 1 }, { _id: 1 }],
  [project, record, { sum: { $add: ['$a.x', '$a.y'] } }, { _id: 1, sum: 3 }],
  [project, record, { first: '$a.x', _id: 0 }, { first: 1 }],
  [project, record, { c: true, _id: false }, { c: [1, 2, 3, 4] }],
  [project, record, { a: 1, b: 0 }, fails(31254)],
  [project, record, { a: 0, b: 1 }, fails(31253)],
  [project, record, { a: 1, 'a.x': 1 }, fails()],
];
