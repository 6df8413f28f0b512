import { experimentFilter } from '../../src/stores/filters';
import { Liveness } from '../../src/stores/liveness';

/** The bounds that stand beside the pattern of `startsWith`. */
function boundsOf(startsWith: string): unknown[] {
  const { $and } = experimentFilter({ name: { startsWith } }, new Liveness(1).at()) as {
    $and?: { experiment_name: object }[];
  };
  return ($and ?? [])
    .flatMap(({ experiment_name }) => Object.entries(experiment_name))
    .filter(([key]) => key !== '$regex');
}

describe('the bounds of texts that begin with another', () => {
  it.each<[string, unknown[]]>([
    ['', []],
    [
      'ab',
      [
        ['$gte', 'ab'],
        ['$lt', 'ac'],
      ],
    ],
    [
      'a\u{10FFFF}',
      [
        ['$gte', 'a\u{10FFFF}'],
        ['$lt', 'b'],
      ],
    ],
    ['\u{10FFFF}\u{10FFFF}', [['$gte', '\u{10FFFF}\u{10FFFF}']]],
    [
      'a\uD7FF',
      [
        ['$gte', 'a\uD7FF'],
        ['$lt', 'a\uE000'],
      ],
    ],
    [
      'a\uFFFF',
      [
        ['$gte', 'a\uFFFF'],
        ['$lt', 'a\u{10000}'],
      ],
    ],
    [
      '\u{1F9E0}',
      [
        ['$gte', '\u{1F9E0}'],
        ['$lt', '\u{1F9E1}'],
      ],
    ],
  ])('%j', (start, expected) => {
    expect(boundsOf(start)).toEqual(expected);
  });
});
