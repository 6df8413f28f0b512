import { align, gapsOf, smooth } from '../../web/src/charts/curve';
import {
  conditionWords,
  faultOf,
  readCondition,
  readNarrowing,
  toFilter,
  writeCondition,
} from '../../web/src/experiments/filters';
import {
  flatten,
  formatAgo,
  formatCount,
  formatDuration,
  formatLoss,
  formatMetric,
  formatReading,
} from '../../web/src/format';
import { RunHistory, stemOf } from '../../web/src/run/history';

describe('how values are written', () => {
  it.each([
    [0.26802648355762504, '0.26803'],
    [0.0005, '0.0005'],
    [0.001, '0.001'],
    [3.2e-6, '3.2e−6'],
    [1e-10, '1e−10'],
    [-0.25, '−0.25'],
    [12, '12'],
    [184320, '184 320'],
    [2.5e9, '2.5e9'],
    [1234.567, '1234.6'],
    [0, '0'],
    ['NaN', 'NaN'],
    ['Infinity', '∞'],
    ['-Infinity', '−∞'],
    [null, ''],
  ] as const)('a metric %p as %p', (value, text) => expect(formatMetric(value)).toBe(text));

  it('a loss in four decimals, and one that has none of them in its own digits', () => {
    expect([0.5, 12.3456789, 0.00004, 'NaN', null].map((value) => formatLoss(value as number))).toEqual([
      '0.5000',
      '12.3457',
      '4e−5',
      'NaN',
      '',
    ]);
  });

  it('a reading in four digits', () => {
    expect([0.5, 1.08312, NaN, -Infinity, 7].map(formatReading)).toEqual(['0.5000', '1.083', 'NaN', '−∞', '7']);
  });

  it.each([
    [0.25, '250 ms'],
    [4.25, '4.3 s'],
    [59.9, '60 s'],
    [84 * 60, '1 h 24 min'],
    [33 * 3600 + 12 * 60, '1 d 9 h'],
    [60, '1 min'],
  ])('%p seconds as %p', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('how long ago something was', () => {
    const now = Date.parse('2026-01-10T12:00:00Z');
    const ago = (seconds: number): string => formatAgo(new Date(now - seconds * 1000).toISOString(), now);
    expect([2, 44, 240, 7_300, 200_000].map(ago)).toEqual(['just now', '40 s ago', '4 min ago', '2 h ago', '2 d ago']);
    expect(formatCount(1234567)).toBe('1 234 567');
  });

  it('an open object by its paths', () => {
    expect(flatten({ a: 1, b: { c: [1, 2], d: { e: null } }, f: {} })).toEqual([
      ['a', 1],
      ['b.c', [1, 2]],
      ['b.d.e', null],
      ['f', {}],
    ]);
  });
});

describe('how curves are put on a chart', () => {
  it('on one x, with gaps where there is no number and nothing where there is no epoch', () => {
    const short = { epochs: [0, 2], values: [1, NaN] };
    const long = { epochs: [0, 1, 2, 3], values: [4, 3, 0, Infinity] };
    expect(align([short, long], false)).toEqual({
      epochs: [0, 1, 2, 3],
      columns: [
        [1, undefined, null, undefined],
        [4, 3, 0, null],
      ],
    });
    expect(align([long], true).columns).toEqual([[4, 3, null, null]]);
    expect(align([], false)).toEqual({ epochs: [], columns: [] });
  });

  it('smoothed without the pull of the first value, across gaps', () => {
    expect(smooth([5, 5, 5], 0.9)).toEqual([5, 5, 5].map((value) => expect.closeTo(value)));
    const [first, gap, last] = smooth([1, NaN, 0], 0.5);
    expect([first, gap]).toEqual([1, NaN]);
    expect(last).toBeCloseTo(1 / 3);
  });

  it('with the stretches that have no number', () => {
    expect(gapsOf({ epochs: [0, 1, 2, 5, 6], values: [1, NaN, Infinity, 2, NaN] })).toEqual([
      [1, 2],
      [6, 6],
    ]);
  });
});

describe('the history of a run', () => {
  const series = (epochs: number[]) => [{ name: 'val_loss', epochs, values: epochs, totalPoints: 9, sampled: false }];

  it('takes epochs in any order, again, and before it is loaded', () => {
    const history = new RunHistory();
    history.take(7, { val_loss: 'NaN' });
    history.load(series([0, 2, 4]));
    history.take(3, { val_loss: 30 });
    history.take(2, { val_loss: 20, other: 1 });
    history.close();
    expect(history.metric('val_loss')).toEqual({
      name: 'val_loss',
      epochs: [0, 2, 3, 4, 7],
      values: [0, 20, 30, 4, NaN],
    });
    expect(history.metric('other')?.epochs).toEqual([2]);
    expect(history.lastEpoch).toBe(7);
    expect(['train_loss', 'val_loss', 'loss', 'test/r2'].map(stemOf)).toEqual(['loss', 'loss', 'loss', 'r2']);
  });

  it('says when it has grown so long that it is to be loaded anew', () => {
    const history = new RunHistory();
    history.load(series([]));
    for (let epoch = 0; epoch <= 2_000; epoch++) history.take(epoch, { val_loss: 1 });
    expect(history.isOverfull).toBe(true);
    history.load(series([0, 2_000]));
    expect(history.isOverfull).toBe(false);
    history.close();
  });
});

describe('what a list is narrowed to', () => {
  it('comes back from the address as it was put in', () => {
    for (const condition of [
      { field: 'config.scheduler.gamma', operator: 'gte', value: '0.9' },
      { field: 'name', operator: 'contains', value: 'a:b,c & d' },
      { field: 'metric.best_val_loss', operator: 'exists', value: '' },
    ]) {
      expect(readCondition(writeCondition(condition))).toEqual(condition);
    }
    expect(readCondition('nothing:eq:1')).toBeUndefined();
    expect(readCondition('challenge:regex:1')).toBeUndefined();
    expect(conditionWords({ field: 'config.batch_size', operator: 'gte', value: '32' })).toBe('batch_size ≥ 32');
  });

  it('is refused in words where it makes no sense', () => {
    expect(faultOf({ field: 'challenge', operator: 'eq', value: '1.5' })).toBe('This field takes whole numbers.');
    expect(faultOf({ field: 'metric.x', operator: 'lte', value: 'low' })).toBe('This field is compared with a number.');
    expect(faultOf({ field: 'config.', operator: 'eq', value: '1' })).toBe('Name the field.');
    expect(faultOf({ field: 'startTime', operator: 'gte', value: 'soon' })).toBe('Give a date.');
    expect(faultOf({ field: 'tags', operator: 'any', value: ' ' })).toBe('Give a value.');
  });

  it('is the filter of the API, with hyperparameters by their types', () => {
    const of = (address: string) => toFilter(readNarrowing(new URLSearchParams(address)));
    expect(of('')).toBeNull();
    expect(of('q=%20sweep%20')).toEqual({ search: 'sweep' });
    expect(of('f=config.amp:eq:true')).toEqual({ config: [{ path: 'amp', eq: true }] });
    expect(of('f=config.optimizer:ne:Adam')).toEqual({ config: [{ path: 'optimizer', ne: 'Adam' }] });
    expect(of('f=tags:all:a, b&state=STALLED,FAILED')).toEqual({
      and: [{ tags: { all: ['a', 'b'] } }, { or: [{ liveness: ['STALLED'] }, { status: ['FAILED'] }] }],
    });
    expect(of('state=RUNNING')).toEqual({ liveness: ['ALIVE', 'UNKNOWN'] });
    expect(of('f=challenge:eq:x&f=broken')).toBeNull();
  });
});
