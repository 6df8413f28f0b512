import type { SubjectFacetsQuery } from '../api/documents';
import { formatCount } from '../format';
import { setQuery } from '../routing';
import { AgeHistogram } from './age-histogram';
import type { SubjectNarrowing } from './subject-filter';

interface Count {
  value: string | null;
  count: number;
}

const WORDS: Record<string, string> = { F: 'Female', M: 'Male', TRAIN: 'Train', VAL: 'Validation', TEST: 'Test' };

/** How the subjects divide, and what to narrow them to. */
export function Facets({ narrowing, facets }: { narrowing: SubjectNarrowing; facets: SubjectFacetsQuery }) {
  const { matching, all } = facets;
  const byName = [...all.byRelease].sort((a, b) =>
    (a.value ?? '').localeCompare(b.value ?? '', 'en', { numeric: true }),
  );
  return (
    <>
      <AgeHistogram all={all.ageHistogram} matching={matching.ageHistogram} chosen={narrowing.age} />
      <Facet title="Release" name="release" all={byName} matching={matching.byRelease} chosen={narrowing.releases} />
      <Facet
        title="Challenge 1"
        name="split1"
        all={inOrder(all.byChallenge1Split)}
        matching={matching.byChallenge1Split}
        chosen={narrowing.challenge1}
      />
      <Facet
        title="Challenge 2"
        name="split2"
        all={inOrder(all.byChallenge2Split)}
        matching={matching.byChallenge2Split}
        chosen={narrowing.challenge2}
      />
      <Facet title="Sex" name="sex" all={all.bySex} matching={matching.bySex} chosen={narrowing.sex} />
    </>
  );
}

function inOrder(counts: readonly Count[]): Count[] {
  const order = ['TRAIN', 'VAL', 'TEST'];
  const place = ({ value }: Count): number => (value === null ? order.length : order.indexOf(value));
  return [...counts].sort((a, b) => place(a) - place(b));
}

function Facet({
  title,
  name,
  all,
  matching,
  chosen,
}: {
  title: string;
  name: string;
  all: readonly Count[];
  matching: readonly Count[];
  chosen: readonly string[];
}) {
  const most = Math.max(...all.map(({ count }) => count), 1);
  const countOf = (value: string | null): number => matching.find((facet) => facet.value === value)?.count ?? 0;
  return (
    <fieldset class="facet">
      <legend>{title}</legend>
      {all.map(({ value, count }) => {
        const now = countOf(value);
        const bar = (
          <span class="facet-bar" aria-hidden="true">
            <i style={{ width: `${(100 * count) / most}%` }} />
            <i class="now" style={{ width: `${(100 * now) / most}%` }} />
          </span>
        );
        if (value === null) {
          return (
            <p key="none" class="facet-row quiet">
              <span>none</span>
              {bar}
              <span>{formatCount(now)}</span>
            </p>
          );
        }
        const isChosen = chosen.includes(value);
        const next = isChosen ? chosen.filter((other) => other !== value) : [...chosen, value];
        return (
          <button
            key={value}
            type="button"
            class="facet-row"
            aria-pressed={isChosen}
            onClick={() => setQuery({ [name]: next.join(',') })}
          >
            <span>{WORDS[value] ?? value}</span>
            {bar}
            <span>{formatCount(now)}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
