import { ObjectId } from 'bson';
import { D, fails, L, type ExpressionCase, type PipelineCase } from './case';

const op = (name: string): string => `reference/operator/aggregation/${name}`;
const epoch = new Date(0);
const moment = new Date('2024-03-05T06:07:08.009Z');

export const EXPRESSIONS: ExpressionCase[] = [
  [op('add'), { $add: [1, 2] }, 3],
  [op('add'), { $add: [1, D(2.5)] }, D(3.5)],
  [op('add'), { $add: [2147483647, 1] }, L(2147483648)],
  [op('add'), { $add: [epoch, 5] }, new Date(5)],
  [op('add'), { $add: [1, null] }, null],
  [op('add'), { $add: [1, '$zz'] }, null],
  [op('add'), { $add: [1, 'x'] }, fails()],
  [op('subtract'), { $subtract: [5, 7] }, -2],
  [op('subtract'), { $subtract: [new Date(9), new Date(4)] }, L(5)],
  [op('subtract'), { $subtract: [new Date(9), 4] }, new Date(5)],
  [op('subtract'), { $subtract: [1] }, fails(16020)],
  [op('multiply'), { $multiply: [3, L(4)] }, L(12)],
  [op('divide'), { $divide: [7, 2] }, D(3.5)],
  [op('divide'), { $divide: [6, 2] }, D(3)],
  [op('divide'), { $divide: [1, 0] }, fails()],
  [op('ceil'), { $ceil: D(1.2) }, D(2)],
  [op('floor'), { $floor: D(-1.2) }, D(-2)],
  [op('eq'), { $eq: [1, D(1)] }, true],
  [op('eq'), { $eq: ['$zz', null] }, false],
  [op('gt'), { $gt: ['a', 5] }, true],
  [op('lt'), { $lt: ['$zz', null] }, true],
  [op('cmp'), { $cmp: [1, 2] }, -1],
  [op('and'), { $and: [1, 'x', true] }, true],
  [op('and'), { $and: [] }, true],
  [op('or'), { $or: [0, null, false] }, false],
  [op('not'), { $not: [0] }, true],
  [op('cond'), { $cond: [true, 'y', 'n'] }, 'y'],
  [op('cond'), { $cond: { if: null, then: 'y', else: 'n' } }, 'n'],
  [op('ifNull'), { $ifNull: ['$zz', 'd'] }, 'd'],
  [
    op('switch'),
    {
      $switch: {
        branches: [
          { case: false, then: 1 },
          { case: true, then: 2 },
        ],
        default: 3,
      },
    },
    2,
  ],
  [op('switch'), { $switch: { branches: [{ case: false, then: 1 }] } }, fails(40066)],
  [op('concat'), { $concat: ['a', 'b'] }, 'ab'],
  [op('concat'), { $concat: ['a', null] }, null],
  [op('size'), { $size: [[1, 2]] }, 2],
  [op('size'), { $size: '$zz' }, fails()],
  [op('in'), { $in: [2, [1, 2]] }, true],
  [op('arrayElemAt'), { $arrayElemAt: [[1, 2, 3], -1] }, 3],
  [op('arrayElemAt'), { $arrayElemAt: [[1], 5] }, undefined],
  [op('concatArrays'), { $concatArrays: [[1], [2, 3]] }, [1, 2, 3]],
  [op('concatArrays'), { $concatArrays: [[1], null] }, null],
  [op('isArray'), { $isArray: [[1]] }, true],
  [
    op('objectToArray'),
    { $objectToArray: { a: 1, b: 2 } },
    [
      { k: 'a', v: 1 },
      { k: 'b', v: 2 },
    ],
  ],
  [op('type'), { $type: '$zz' }, 'missing'],
  [op('type'), { $type: 1 }, 'int'],
  [op('toString'), { $toString: true }, 'true'],
  [op('toString'), { $toString: epoch }, '1970-01-01T00:00:00.000Z'],
  [op('toString'), { $toString: new ObjectId('0123456789abcdef01234567') }, '0123456789abcdef01234567'],
  [op('toInt'), { $toInt: '42' }, 42],
  [op('toInt'), { $toInt: D(2.9) }, 2],
  [op('toInt'), { $toInt: 'x' }, fails(241)],
  [op('toDouble'), { $toDouble: '1.5' }, D(1.5)],
  [op('year'), { $year: moment }, 2024],
  [op('month'), { $month: moment }, 3],
  [op('dayOfMonth'), { $dayOfMonth: moment }, 5],
  [op('hour'), { $hour: moment }, 6],
  [op('literal'), { $literal: '$a' }, '$a'],
  ['reference/aggregation-variables', '$$nonsense', fails(17276)],
  ['reference/aggregation-variables', '$$ROOT.a', 5, { a: 5 }],
  ['reference/aggregation-variables', { $cond: [true, '$$REMOVE', 1] }, undefined],
  ['meta/aggregation-quick-reference', '$a.b', [1, 2], { a: [{ b: 1 }, { c: 1 }, { b: 2 }] }],
  ['meta/aggregation-quick-reference', ['$zz', 1], [null, 1]],
  ['meta/aggregation-quick-reference', { $nonsense: 1 }, fails()],
];

const sales = [
  { _id: 1, k: 'a', v: 1, t: ['x', 'y'] },
  { _id: 2, k: 'b', v: 2, t: [] },
  { _id: 3, k: 'a', v: 3 },
  { _id: 4, k: null, v: D(4.5), t: null },
  { _id: 5, v: 'text', t: 'z' },
];
const group = op('group');
const sorted = { $sort: { _id: 1 } };

export const PIPELINES: PipelineCase[] = [
  [
    op('match'),
    sales,
    [{ $match: { k: 'a' } }, { $project: { v: 1 } }, sorted],
    [
      { _id: 1, v: 1 },
      { _id: 3, v: 3 },
    ],
  ],
  [
    group,
    sales,
    [{ $group: { _id: '$k', n: { $sum: 1 } } }, sorted],
    [
      { _id: null, n: 2 },
      { _id: 'a', n: 2 },
      { _id: 'b', n: 1 },
    ],
  ],
  [group, sales, [{ $group: { _id: null, s: { $sum: '$v' } } }], [{ _id: null, s: D(10.5) }]],
  [group, sales, [{ $match: { k: 'a' } }, { $group: { _id: '$k', a: { $avg: '$v' } } }], [{ _id: 'a', a: D(2) }]],
  [
    group,
    sales,
    [{ $group: { _id: null, lo: { $min: '$v' }, hi: { $max: '$v' } } }],
    [{ _id: null, lo: 1, hi: 'text' }],
  ],
  [
    group,
    sales,
    [sorted, { $group: { _id: '$k', f: { $first: '$v' }, l: { $last: '$v' } } }, { $match: { _id: 'a' } }],
    [{ _id: 'a', f: 1, l: 3 }],
  ],
  [
    group,
    sales,
    [sorted, { $group: { _id: '$k', p: { $push: '$v' } } }, { $match: { _id: 'a' } }],
    [{ _id: 'a', p: [1, 3] }],
  ],
  [
    group,
    sales,
    [{ $group: { _id: null, s: { $addToSet: '$k' } } }, { $project: { n: { $size: '$s' } } }],
    [{ _id: null, n: 3 }],
  ],
  [group, sales, [{ $group: { _id: { k: '$k' } } }, sorted, { $limit: 1 }], [{ _id: {} }]],
  [group, [], [{ $group: { _id: null, n: { $sum: 1 } } }], []],
  [group, sales, [{ $group: { n: { $sum: 1 } } }], fails(15955)],
  [group, sales, [{ $group: { _id: null, n: { $nonsense: 1 } } }], fails(15952)],
  [
    op('unwind'),
    sales,
    [{ $unwind: '$t' }, { $project: { t: 1 } }],
    [
      { _id: 1, t: 'x' },
      { _id: 1, t: 'y' },
      { _id: 5, t: 'z' },
    ],
  ],
  [op('unwind'), sales, [{ $unwind: { path: '$t', preserveNullAndEmptyArrays: true } }, { $count: 'n' }], [{ n: 6 }]],
  [
    op('unwind'),
    sales,
    [{ $match: { _id: 1 } }, { $unwind: { path: '$t', includeArrayIndex: 'i' } }, { $project: { i: 1, _id: 0 } }],
    [{ i: L(0) }, { i: L(1) }],
  ],
  [op('unwind'), sales, [{ $unwind: 't' }], fails(28818)],
  [op('sort'), sales, [{ $sort: { v: -1 } }, { $limit: 2 }, { $project: { _id: 1 } }], [{ _id: 5 }, { _id: 4 }]],
  [op('skip'), sales, [sorted, { $skip: 4 }, { $project: { _id: 1 } }], [{ _id: 5 }]],
  [op('limit'), sales, [{ $limit: 0 }], fails(15958)],
  [op('count'), sales, [{ $match: { k: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
  [
    op('addFields'),
    sales,
    [{ $match: { _id: 1 } }, { $addFields: { 'o.p': { $add: ['$v', 1] }, k: '$$REMOVE' } }],
    [{ _id: 1, v: 1, t: ['x', 'y'], o: { p: 2 } }],
  ],
  [op('unset'), sales, [{ $match: { _id: 3 } }, { $unset: ['k', 'v'] }], [{ _id: 3 }]],
  [op('replaceRoot'), [{ _id: 1, a: { b: 2 } }], [{ $replaceRoot: { newRoot: '$a' } }], [{ b: 2 }]],
  [op('replaceRoot'), [{ _id: 1, a: 5 }], [{ $replaceRoot: { newRoot: '$a' } }], fails(40228)],
  [
    op('facet'),
    sales,
    [{ $facet: { n: [{ $count: 'c' }], none: [{ $match: { _id: 9 } }] } }],
    [{ n: [{ c: 5 }], none: [] }],
  ],
  [op('project'), sales, [{ $match: { _id: 1 } }, { $project: { _id: 0, z: { $literal: 1 }, y: '$zz' } }], [{ z: 1 }]],
  [op('project'), sales, [{ $project: {} }], fails()],
  ['reference/operator/aggregation-pipeline', sales, [{ $nonsense: 1 }], fails(40324)],
  ['reference/operator/aggregation-pipeline', sales, [{ $match: {}, $limit: 1 }], fails(40323)],
  [
    op('lookup'),
    sales.slice(0, 2),
    [
      sorted,
      { $lookup: { from: 'cases', localField: 'k', foreignField: 'k', as: 'm' } },
      { $project: { n: { $size: '$m' } } },
    ],
    [
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
    ],
  ],
  [
    op('lookup'),
    [{ _id: 1, r: 2 }, { _id: 2, r: 1 }, { _id: 3, r: [1] }, { _id: 4 }],
    [
      sorted,
      {
        $lookup: {
          from: 'cases',
          let: { me: '$_id' },
          pipeline: [
            { $match: { $expr: { $eq: ['$r', '$$me'] } } },
            { $sort: { _id: -1 } },
            { $limit: 1 },
            { $project: { _id: 1 } },
          ],
          as: 'm',
        },
      },
      { $project: { m: 1 } },
    ],
    [
      { _id: 1, m: [{ _id: 2 }] },
      { _id: 2, m: [{ _id: 1 }] },
      { _id: 3, m: [] },
      { _id: 4, m: [] },
    ],
  ],
  [
    op('lookup'),
    [{ _id: 1, r: null }, { _id: 2 }],
    [
      sorted,
      {
        $lookup: {
          from: 'cases',
          let: { r: '$r' },
          pipeline: [{ $match: { $expr: { $eq: ['$r', '$$r'] } } }, { $project: { _id: 1 } }],
          as: 'm',
        },
      },
      { $project: { m: 1 } },
    ],
    [
      { _id: 1, m: [{ _id: 1 }] },
      { _id: 2, m: [{ _id: 2 }] },
    ],
  ],
  [
    op('unionWith'),
    sales.slice(0, 1),
    [{ $unionWith: { coll: 'cases', pipeline: [{ $project: { v: 1 } }] } }, { $project: { v: 1 } }],
    [
      { _id: 1, v: 1 },
      { _id: 1, v: 1 },
    ],
  ],
];
