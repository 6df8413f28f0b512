import { useState } from 'preact/hooks';
import { setQuery } from '../routing';
import { COLUMNS, columnOf, DEFAULT_COLUMNS, type Column } from './columns';

function setColumns(keys: readonly string[]): void {
  const isDefault = keys.join() === DEFAULT_COLUMNS.join();
  setQuery({ cols: isDefault ? null : keys.join(',') || 'name' });
}

/** Chooses the columns of the list, hyperparameters and metrics of the run among them. */
export function ColumnPicker({ columns }: { columns: readonly Column[] }) {
  const chosen = columns.map(({ key }) => key).filter((key) => key !== 'name');
  const own = columns.filter(({ key }) => key.startsWith('config.') || key.startsWith('metric.'));
  const [kind, setKind] = useState('config.');
  const [path, setPath] = useState('');
  const order = (keys: readonly string[]): string[] => [
    ...COLUMNS.map(({ key }) => key).filter((key) => keys.includes(key)),
    ...keys.filter((key) => key.includes('.')),
  ];
  const toggle = (key: string): void =>
    setColumns(order(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key]));
  return (
    <div class="column-picker">
      <ul>
        {[...COLUMNS, ...own].map(({ key, title }) => (
          <li key={key}>
            <label>
              <input type="checkbox" checked={chosen.includes(key)} onChange={() => toggle(key)} />
              {key === 'curve' ? 'Curve of val_loss' : title}
            </label>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const key = kind + path.trim();
          if (!columnOf(key) || path.includes(',')) return;
          setColumns(order([...chosen.filter((other) => other !== key), key]));
          setPath('');
        }}
      >
        <select class="field" aria-label="Kind" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          <option value="config.">Hyperparameter</option>
          <option value="metric.">Metric</option>
        </select>
        <input
          class="field"
          aria-label="Path or name"
          placeholder={kind === 'config.' ? 'optimizer' : 'val_r2'}
          value={path}
          onInput={(event) => setPath(event.currentTarget.value)}
        />
        <button class="button" disabled={path.trim() === ''}>
          Add
        </button>
      </form>
      <button class="button plain" onClick={() => setQuery({ cols: null })}>
        The usual columns
      </button>
    </div>
  );
}
