import { splitByRatios, splitByTable } from '../../src/import/splits';

const ids = Array.from({ length: 4000 }, (_, number) => `sub-${number}`);
const table = (...rows: string[]) =>
  splitByTable('splits.tsv', rows.map((row) => row.replaceAll(' ', '\t')).join('\n'));

describe('splits by ratios', () => {
  it('meet the ratios about, in any unit', () => {
    for (const ratios of [
      [0.8, 0.1, 0.1],
      [80, 10, 10],
    ]) {
      const { of } = splitByRatios(ratios, 1);
      const share = (split: string) => ids.filter((id) => String(of(id)) === split).length / ids.length;
      expect(share('train')).toBeCloseTo(0.8, 1);
      expect(share('val')).toBeCloseTo(0.1, 1);
      expect(share('test')).toBeCloseTo(0.1, 1);
    }
    const { of } = splitByRatios([0, 1, 0], 1);
    expect(new Set(ids.map(of))).toEqual(new Set(['val']));
  });

  it('depend on seed and subject alone', () => {
    const [first, same, other] = [1, 1, 2].map((seed) => ids.map(splitByRatios([2, 1, 1], seed).of));
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('need one above zero', () => {
    expect(() => splitByRatios([0, 0, 0], 1)).toThrow('are all 0');
  });
});

describe('splits by a table', () => {
  it('are what it says, in the words that people use', () => {
    const { of, named, problems } = table(
      'split participant_id',
      'train sub-1',
      'Validation sub-2',
      'test sub-3',
      'n/a sub-4',
    );
    expect(['sub-1', 'sub-2', 'sub-3', 'sub-4', 'sub-5'].map(of)).toEqual([
      'train',
      'val',
      'test',
      undefined,
      undefined,
    ]);
    expect([named, problems]).toEqual([3, []]);
  });

  it('name the line of what is wrong, and keep the others', () => {
    const { of, problems } = table(
      'participant_id split',
      'sub-1 train',
      'sub-1 test',
      'sub-2 holdout',
      'n/a val',
      'sub-3 val',
    );
    expect(problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '3: sub-1: stands in another split already; the first is taken.',
      '4: sub-2: "holdout" is not train, val, test or n/a.',
      '5: n/a: the row has no participant_id',
    ]);
    expect(['sub-1', 'sub-2', 'sub-3'].map(of)).toEqual(['train', undefined, 'val']);
  });

  it('need both columns', () => {
    expect(() => table('participant_id fold', 'sub-1 1')).toThrow('splits.tsv has no columns participant_id and split');
    expect(() => splitByTable('splits.tsv', '')).toThrow('has no columns');
  });
});
