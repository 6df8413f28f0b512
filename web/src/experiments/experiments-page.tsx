import { useEffect, useMemo } from 'preact/hooks';
import { sessionNumber } from '../api/session';
import { formatCount, plural } from '../format';
import { query, setQuery } from '../routing';
import { Failure, useTitle } from '../ui/states';
import './experiments.css';
import { columnOf, DEFAULT_COLUMNS, NAME_COLUMN, readSorting } from './columns';
import { useCounts } from './counts';
import { EmptyList } from './empty-list';
import { FilterBar } from './filter-bar';
import { readNarrowing, toFilter } from './filters';
import { RunList } from './run-list';
import { RunTable } from './run-table';
import { SelectionBar } from './selection';

/** All runs: narrowed, ordered, live. Everything that is chosen stands in the address. */
export function ExperimentsPage() {
  useTitle('Experiments');
  const parameters = query.value;
  const key =
    ['q', 'state', 'sort'].map((name) => parameters.get(name) ?? '').join('\n') + parameters.getAll('f').join('\n');
  const session = sessionNumber.value;

  const { list, filter, narrowing, sorting } = useMemo(() => {
    const narrowing = readNarrowing(parameters);
    const filter = toFilter(narrowing);
    const sorting = readSorting(parameters);
    return { list: new RunList(filter, sorting), filter, narrowing, sorting };
  }, [key, session]);

  useEffect(() => {
    list.open();
    return () => list.close();
  }, [list]);

  const counts = useCounts(list, filter);
  const columns = useMemo(() => {
    const keys = parameters.get('cols')?.split(',') ?? DEFAULT_COLUMNS;
    const chosen = keys.flatMap((name) => columnOf(name) ?? []);
    return [NAME_COLUMN, ...chosen.filter(({ key }) => key !== 'name')];
  }, [parameters.get('cols')]);

  const isEmpty = list.isReady.value && list.ids.value.length === 0;
  const hasNothing = isEmpty && filter === null;
  const failure = list.failure.value;
  return (
    <div class="experiments">
      <div class="page-head">
        <h1 tabIndex={-1}>Experiments</h1>
        {counts && !hasNothing && (
          <p class="quiet" role="status">
            {filter === null
              ? plural(counts.all.total, 'run')
              : `${formatCount(counts.matching.total)} of ${plural(counts.all.total, 'run')}`}
          </p>
        )}
      </div>
      {hasNothing ? (
        <EmptyList />
      ) : (
        <>
          <FilterBar narrowing={narrowing} counts={counts} columns={columns} />
          {failure && !list.isReady.value ? (
            <Failure failure={failure} retry={() => void list.loadMore()} />
          ) : isEmpty ? (
            <NothingMatches />
          ) : (
            <RunTable list={list} columns={columns} sorting={sorting} />
          )}
        </>
      )}
      <SelectionBar />
    </div>
  );
}

function NothingMatches() {
  return (
    <section class="notice">
      <h2>No run matches</h2>
      <p>Runs that come to match will appear here by themselves.</p>
      <button class="button" onClick={() => setQuery({ q: null, state: null, f: null })}>
        Show all runs
      </button>
    </section>
  );
}
