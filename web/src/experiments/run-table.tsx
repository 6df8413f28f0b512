import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { formatDay, formatInstant, formatLoss } from '../format';
import { navigate, setQuery } from '../routing';
import { isNarrow } from '../ui/media';
import { useShortcuts } from '../ui/shortcuts';
import { Status } from '../ui/status';
import { useVirtualRows } from '../ui/virtual-rows';
import { EpochsOf, type Column, type Sorting } from './columns';
import type { RunList } from './run-list';
import { selection, toggleSelection } from './selection';
import { Sparkline } from './sparkline';
import { wantSparks } from './sparklines';

const ROW_HEIGHT = 38;
const NARROW_ROW_HEIGHT = 66;
/** The next page is asked for this many rows before the end. */
const AHEAD = 40;

interface TableProps {
  list: RunList;
  columns: readonly Column[];
  sorting: Sorting;
}

/** The list as a table of which only the rows in view are drawn. */
export function RunTable({ list, columns, sorting }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const ids = list.ids.value;
  const narrow = isNarrow.value;
  const height = narrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT;
  const { start, end, above, below } = useVirtualRows(scroller, ids.length, height);
  const active = useSignal<string | null>(null);
  const shown = ids.slice(start, end);

  useEffect(() => {
    if (end >= ids.length - AHEAD) void list.loadMore();
  }, [end, ids.length, list]);

  const hasCurves = narrow || columns.some(({ key }) => key === 'curve');
  const changes = list.changes.value;
  useEffect(() => {
    if (hasCurves) wantSparks(shown.map((id) => list.run(id).peek()));
  }, [shown.join(), hasCurves, changes]);

  const move = (step: number): void => {
    const at = active.value === null ? -1 : ids.indexOf(active.value);
    const next = Math.max(0, Math.min(ids.length - 1, at + step));
    active.value = ids[next] ?? null;
    const top = next * height;
    const element = scroller.current!;
    const head = narrow ? 0 : ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight - head) {
      element.scrollTop = top + height + head - element.clientHeight;
    }
  };
  const withActive = (act: (id: string) => void) => (event: KeyboardEvent) => {
    // A link or button that has the focus takes the key for itself.
    const focused = document.activeElement;
    if (event.key === 'Enter' && focused?.closest('a, button')) return;
    if (active.value !== null) act(active.value);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: (event) => {
      event.preventDefault();
      move(1);
    },
    ArrowUp: (event) => {
      event.preventDefault();
      move(-1);
    },
    x: withActive(toggleSelection),
    Enter: withActive((id) => navigate(`/experiments/${id}`)),
  });

  const isWaiting = !list.isReady.value;
  return (
    <div class="run-table" ref={scroller}>
      <table aria-rowcount={list.hasMore.value ? -1 : ids.length + 1} aria-busy={isWaiting} aria-label="Runs">
        {!narrow && (
          <>
            <colgroup>
              <col style={{ width: '3.1rem' }} />
              {columns.map(({ key, width }) => (
                <col key={key} style={{ width: key === 'name' ? 'auto' : `${width}rem` }} />
              ))}
            </colgroup>
            <thead>
              <tr aria-rowindex={1}>
                <th scope="col">
                  <span class="hidden-visually">Choose</span>
                </th>
                {columns.map((column) => (
                  <Heading key={column.key} column={column} sorting={sorting} />
                ))}
              </tr>
            </thead>
          </>
        )}
        <tbody>
          {above > 0 && <tr class="spacer" style={{ height: `${above}px` }} aria-hidden="true" />}
          {shown.map((id, index) => {
            const row = { list, id, index: start + index, isActive: active.value === id };
            return narrow ? <NarrowRow key={id} {...row} /> : <Row key={id} {...row} columns={columns} />;
          })}
          {isWaiting && <Waiting columns={narrow ? 1 : columns.length + 1} />}
          {below > 0 && <tr class="spacer" style={{ height: `${below}px` }} aria-hidden="true" />}
        </tbody>
      </table>
      {list.isReady.value && list.failure.value && (
        <p class="table-foot" role="alert">
          {list.failure.value.message}{' '}
          <button class="button" onClick={() => void list.loadMore()}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

function Heading({ column, sorting }: { column: Column; sorting: Sorting }) {
  const isSorted = sorting.column.key === column.key;
  const align = column.isNumber ? 'number' : '';
  if (!column.order) {
    return (
      <th scope="col" class={align}>
        {column.title}
      </th>
    );
  }
  const next = isSorted && sorting.direction === 'ASC' ? `-${column.key}` : column.key;
  // Times are looked at from the newest, everything else from the smallest.
  const first = ['start', 'end', 'seen'].includes(column.key) && !isSorted ? `-${column.key}` : next;
  const sort = isSorted ? (sorting.direction === 'ASC' ? 'ascending' : 'descending') : undefined;
  return (
    <th scope="col" class={align} aria-sort={sort}>
      <button type="button" onClick={() => setQuery({ sort: first === '-start' ? null : first })}>
        {column.title}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (sorting.direction === 'ASC' ? '↑' : '↓') : ''}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  list: RunList;
  id: string;
  index: number;
  isActive: boolean;
}

function rowClass(list: RunList, id: string, isActive: boolean): string {
  const isChosen = selection.value.includes(id);
  return `${isActive ? 'active ' : ''}${isChosen ? 'chosen ' : ''}${list.arrived.has(id) ? 'arrived' : ''}`;
}

/** A click anywhere in a row opens the run, but for clicks on what has a meaning of its own. */
function open(event: MouseEvent, id: string): void {
  if (event.defaultPrevented || (event.target as Element).closest('a, button, input, label')) return;
  if (getSelection()?.toString()) return;
  if (event.metaKey || event.ctrlKey) window.open(`/experiments/${id}`, '_blank', 'noopener');
  else navigate(`/experiments/${id}`);
}

function Choice({ id, name }: { id: string; name: string }) {
  return (
    <label class="choice">
      <input type="checkbox" checked={selection.value.includes(id)} onChange={() => toggleSelection(id)} />
      <span class="hidden-visually">Compare {name}</span>
    </label>
  );
}

function Row({ list, id, index, isActive, columns }: RowProps & { columns: readonly Column[] }) {
  const run = list.run(id).value;
  return (
    <tr class={rowClass(list, id, isActive)} aria-rowindex={index + 2} onClick={(event) => open(event, id)}>
      <td>
        <Choice id={id} name={run.name} />
      </td>
      {columns.map((column) => (
        <td key={column.key} class={column.isNumber ? 'number' : ''}>
          {column.key === 'name' ? (
            <a href={`/experiments/${id}`} title={run.name}>
              {run.name}
            </a>
          ) : column.key === 'curve' ? (
            <Sparkline id={id} />
          ) : (
            column.cell(run)
          )}
        </td>
      ))}
    </tr>
  );
}

function NarrowRow({ list, id, index, isActive }: RowProps) {
  const run = list.run(id).value;
  return (
    <tr class={rowClass(list, id, isActive)} aria-rowindex={index + 1} onClick={(event) => open(event, id)}>
      <td class="narrow-row">
        <Choice id={id} name={run.name} />
        <a href={`/experiments/${id}`}>{run.name}</a>
        <b class="loss">{formatLoss(run.metrics.bestValLoss)}</b>
        <span class="below">
          <Status status={run.status} liveness={run.liveness} />
          <span class="quiet">
            <EpochsOf run={run} />
          </span>
          <time class="quiet" dateTime={run.startTime} title={formatInstant(run.startTime)}>
            {formatDay(run.startTime)}
          </time>
        </span>
        <Sparkline id={id} />
      </td>
    </tr>
  );
}

function Waiting({ columns }: { columns: number }) {
  return (
    <>
      {Array.from({ length: 14 }, (_, row) => (
        <tr key={row} aria-hidden="true">
          {Array.from({ length: columns }, (_, column) => (
            <td key={column}>
              {column > 0 || columns === 1 ? (
                <span class="skeleton" style={{ width: `${60 - ((row * 13 + column * 7) % 35)}%` }} />
              ) : null}
            </td>
          ))}
        </tr>
      ))}
    </>
  );
}
