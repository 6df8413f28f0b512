import './subjects.css';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Split, SubjectRowFragment } from '../api/documents';
import { sessionNumber } from '../api/session';
import { formatCount, formatDate, plural } from '../format';
import { navigate, query, setQuery } from '../routing';
import { isNarrow } from '../ui/media';
import { SearchField } from '../ui/search-field';
import { Failure, Notice, Skeleton, useTitle } from '../ui/states';
import { useVirtualRows } from '../ui/virtual-rows';
import { Facets } from './facets';
import { readSubjectOrder, readSubjects, toSubjectFilter } from './subject-filter';
import { SubjectList } from './subject-list';

const ROW_HEIGHT = 36;
const AHEAD = 60;
/** All subjects: how they divide by age, release and split, and who they are. */
export function SubjectsPage() {
  useTitle('Subjects');
  const parameters = query.value;
  const session = sessionNumber.value;
  const { list, narrowing, filter } = useMemo(() => {
    const narrowing = readSubjects(parameters);
    const filter = toSubjectFilter(narrowing);
    return { list: new SubjectList(filter, readSubjectOrder(parameters).order), narrowing, filter };
  }, [parameters.toString(), session]);
  useEffect(() => {
    list.open();
    return () => list.close();
  }, [list]);

  // The facets of the last filter stay until those of the new one are there, so that nothing flickers.
  const last = useRef(list.facets.value);
  last.current = list.facets.value ?? last.current;
  const facets = last.current;
  const failure = list.failure.value;
  if (failure && !list.isReady.value) {
    return (
      <>
        <h1 tabIndex={-1}>Subjects</h1>
        <Failure failure={failure} retry={() => list.open()} />
      </>
    );
  }
  return (
    <div class="subjects">
      <div class="page-head">
        <h1 tabIndex={-1}>Subjects</h1>
        {facets && (
          <p class="quiet" role="status">
            {filter === null
              ? formatCount(facets.all.total)
              : `${formatCount(facets.matching.total)} of ${formatCount(facets.all.total)}`}
          </p>
        )}
      </div>
      {facets && facets.all.total === 0 ? (
        <Notice title="No subject is stored yet">
          <p>Participants tables are imported beside the running server, or without it:</p>
          <pre>
            <code>npx epochgraph import-bids participants.tsv</code>
          </pre>
        </Notice>
      ) : (
        <div class="subjects-columns">
          <FacetColumn isOpen={!isNarrow.value}>
            <SearchField text={narrowing.search} label="Search identifiers" placeholder="Search identifiers" />
            {facets ? <Facets narrowing={narrowing} facets={facets} /> : <Skeleton lines={10} />}
            {filter !== null && (
              <button type="button" class="button plain" onClick={() => navigate('/subjects', { replace: true })}>
                Show everybody
              </button>
            )}
          </FacetColumn>
          <SubjectTable list={list} />
        </div>
      )}
    </div>
  );
}

function FacetColumn({ isOpen, children }: { isOpen: boolean; children: preact.ComponentChildren }) {
  return isOpen ? (
    <aside class="facets" aria-label="Narrow down">
      {children}
    </aside>
  ) : (
    <details class="facets">
      <summary>Narrow down</summary>
      {children}
    </details>
  );
}

const SPLIT_WORDS: Record<Split, string> = { TRAIN: 'train', VAL: 'validation', TEST: 'test' };

function splitWord(split: Split | null): string {
  return split === null ? '' : SPLIT_WORDS[split];
}

interface SubjectColumn {
  title: string;
  /** As it stands in the address; absent where the API doesn't sort by it. */
  sort?: string;
  isNumber?: boolean;
  isWide?: boolean;
  cell: (subject: SubjectRowFragment) => preact.ComponentChildren;
}

const COLUMNS: readonly SubjectColumn[] = [
  {
    title: 'Subject',
    sort: 'id',
    cell: ({ subjectId }) => <a href={`/subjects/${encodeURIComponent(subjectId)}`}>{subjectId}</a>,
  },
  { title: 'Age', sort: 'age', isNumber: true, cell: ({ age }) => age?.toFixed(1) ?? '' },
  { title: 'Sex', cell: ({ sex }) => sex ?? '' },
  { title: 'Hand', isWide: true, cell: ({ handedness }) => handedness ?? '' },
  { title: 'Releases', cell: ({ releases }) => releases.join(', ') },
  { title: 'Challenge 1', isWide: true, cell: ({ splits }) => splitWord(splits.challenge1) },
  { title: 'Challenge 2', isWide: true, cell: ({ splits }) => splitWord(splits.challenge2) },
  { title: 'EEG', isWide: true, cell: ({ hasEeg }) => (hasEeg === null ? '' : hasEeg ? 'yes' : 'no') },
  {
    title: 'Added',
    sort: 'added',
    isWide: true,
    isNumber: true,
    cell: ({ dateAdded }) => (dateAdded === null ? '' : formatDate(dateAdded)),
  },
];

function SubjectTable({ list }: { list: SubjectList }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = list.rows.value;
  const { start, end, above, below } = useVirtualRows(scroller, rows.length, ROW_HEIGHT);
  const { key: sorted, order } = readSubjectOrder(query.value);
  const columns = COLUMNS.filter(({ isWide }) => !isWide || !isNarrow.value);
  useEffect(() => {
    if (end >= rows.length - AHEAD) void list.loadMore();
  }, [end, rows.length, list]);

  if (list.isReady.value && rows.length === 0) {
    return (
      <Notice title="Nobody matches">
        <p>Take a filter away to see more.</p>
      </Notice>
    );
  }
  return (
    <div class="subject-table" ref={scroller} tabIndex={0} role="region" aria-label="Subjects">
      <table
        class="plain-table"
        aria-rowcount={list.hasMore.value ? -1 : rows.length + 1}
        aria-label={plural(rows.length, 'subject')}
      >
        <thead>
          <tr>
            {columns.map(({ title, sort, isNumber }) => (
              <th
                key={title}
                scope="col"
                class={isNumber ? 'number' : ''}
                aria-sort={sort === sorted ? (order.direction === 'ASC' ? 'ascending' : 'descending') : undefined}
              >
                {sort ? (
                  <button
                    type="button"
                    onClick={() =>
                      setQuery({
                        sort: sort === sorted && order.direction === 'ASC' ? `-${sort}` : sort === 'id' ? null : sort,
                      })
                    }
                  >
                    {title} {sort === sorted ? (order.direction === 'ASC' ? '↑' : '↓') : ''}
                  </button>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: `${above}px` }} aria-hidden="true" />}
          {rows.slice(start, end).map((subject, index) => (
            <tr key={subject.id} aria-rowindex={start + index + 2} style={{ height: `${ROW_HEIGHT}px` }}>
              {columns.map(({ title, isNumber, cell }) => (
                <td key={title} class={isNumber ? 'number' : ''}>
                  {cell(subject)}
                </td>
              ))}
            </tr>
          ))}
          {below > 0 && <tr style={{ height: `${below}px` }} aria-hidden="true" />}
        </tbody>
      </table>
      {!list.isReady.value && <Skeleton lines={12} />}
    </div>
  );
}
