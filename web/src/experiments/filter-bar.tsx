import { query, navigate, place, readable, setQuery } from '../routing';
import { formatCount } from '../format';
import { Menu } from '../ui/menu';
import { SearchField } from '../ui/search-field';
import type { Column } from './columns';
import { ColumnPicker } from './column-picker';
import { ConditionForm } from './condition-form';
import type { Counts } from './counts';
import { conditionWords, STATES, writeCondition, type Condition, type Narrowing, type State } from './filters';
import { StalledAction } from './stalled-action';

const STATE_WORDS: Record<State, string> = {
  RUNNING: 'Running',
  STALLED: 'Stalled',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  STOPPED: 'Stopped',
};

function countOf(counts: Counts, state: State): number {
  const of = (facets: { value: string | null; count: number }[], value: string): number =>
    facets.find((facet) => facet.value === value)?.count ?? 0;
  const stalled = of(counts.all.byLiveness, 'STALLED');
  if (state === 'STALLED') return stalled;
  return of(counts.all.byStatus, state) - (state === 'RUNNING' ? stalled : 0);
}

/** Replaces the conditions of the address. */
function setConditions(conditions: readonly Condition[]): void {
  const next = new URLSearchParams(query.peek());
  next.delete('f');
  for (const condition of conditions) next.append('f', writeCondition(condition));
  const text = readable(next);
  navigate(place.peek().path + (text ? `?${text}` : ''), { replace: true });
}

/** What the list is narrowed to, and how it looks. */
export function FilterBar({
  narrowing,
  counts,
  columns,
}: {
  narrowing: Narrowing;
  counts: Counts | null;
  columns: readonly Column[];
}) {
  const { states, conditions } = narrowing;
  const toggle = (state: State): void => {
    const next = STATES.filter((other) => (other === state ? !states.includes(other) : states.includes(other)));
    setQuery({ state: next.join(',') });
  };
  const stalled = counts ? countOf(counts, 'STALLED') : 0;
  return (
    <div class="filter-bar">
      <div class="filter-row">
        <SearchField
          text={narrowing.search}
          label="Search names, notes and tags"
          placeholder="Search names, notes, tags"
        />
        <div class="state-picks" role="group" aria-label="States">
          {STATES.filter((state) => state !== 'STALLED' || stalled > 0 || states.includes(state)).map((state) => (
            <button
              key={state}
              type="button"
              class={`pick ${state.toLowerCase()}`}
              aria-pressed={states.includes(state)}
              onClick={() => toggle(state)}
            >
              {STATE_WORDS[state]} {counts && <span>{formatCount(countOf(counts, state))}</span>}
            </button>
          ))}
        </div>
        <div class="filter-tools">
          <Menu label="Filter" end>
            {(close) => (
              <ConditionForm
                counts={counts}
                onAdd={(condition) => {
                  setConditions([...conditions, condition]);
                  close();
                }}
              />
            )}
          </Menu>
          <Menu label="Columns" end>
            {() => <ColumnPicker columns={columns} />}
          </Menu>
        </div>
      </div>
      {(conditions.length > 0 || stalled > 0) && (
        <div class="filter-row conditions">
          {conditions.map((condition, index) => (
            <button
              key={writeCondition(condition)}
              type="button"
              class="condition"
              aria-label={`Remove the filter: ${conditionWords(condition)}`}
              onClick={() => setConditions(conditions.filter((_, other) => other !== index))}
            >
              {conditionWords(condition)} <span aria-hidden="true">×</span>
            </button>
          ))}
          {stalled > 0 && <StalledAction count={stalled} />}
        </div>
      )}
    </div>
  );
}
