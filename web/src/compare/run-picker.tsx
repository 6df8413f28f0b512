import { useEffect, useState } from 'preact/hooks';
import { FindExperimentsDocument, type RelativeFragment } from '../api/documents';
import { request } from '../api/request';
import { formatLoss } from '../format';
import { Menu } from '../ui/menu';
import { TYPING_MS } from '../ui/search-field';
import { Status } from '../ui/status';

/** A button that finds a run by its name, note or tag. */
export function RunPicker({
  chosen,
  onAdd,
  label,
}: {
  chosen: readonly string[];
  onAdd: (id: string) => void;
  label: string;
}) {
  return (
    <Menu label={label}>
      {(close) => (
        <Finder
          chosen={chosen}
          onAdd={(id) => {
            close();
            onAdd(id);
          }}
        />
      )}
    </Menu>
  );
}

function Finder({ chosen, onAdd }: { chosen: readonly string[]; onAdd: (id: string) => void }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly RelativeFragment[] | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const filter = text.trim() === '' ? null : { search: text.trim() };
      request(FindExperimentsDocument, { filter }, stop.signal).then(
        ({ experiments }) => setFound(experiments.nodes),
        () => setFound((before) => before ?? []),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  const offered = (found ?? []).filter(({ id }) => !chosen.includes(id));
  return (
    <div class="finder">
      <input
        class="field"
        type="search"
        aria-label="Find a run"
        placeholder="Name, note or tag"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <ul>
        {offered.map((run) => (
          <li key={run.id}>
            <button type="button" onClick={() => onAdd(run.id)}>
              <span>{run.name}</span>
              <Status status={run.status} liveness={run.liveness} />
              <span class="loss">{formatLoss(run.metrics.bestValLoss)}</span>
            </button>
          </li>
        ))}
        {found && offered.length === 0 && <li class="quiet">Nothing found.</li>}
      </ul>
    </div>
  );
}
