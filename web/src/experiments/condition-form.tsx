import { useId, useState } from 'preact/hooks';
import type { Counts } from './counts';
import { faultOf, fieldOf, FILTER_FIELDS, OPERATORS, type Condition } from './filters';

/** Makes one condition: a field, how it is compared, and with what. */
export function ConditionForm({ counts, onAdd }: { counts: Counts | null; onAdd: (condition: Condition) => void }) {
  const [key, setKey] = useState(FILTER_FIELDS[0]!.key);
  const [path, setPath] = useState('');
  const [operator, setOperator] = useState('eq');
  const [value, setValue] = useState('');
  const [fault, setFault] = useState<string>();
  const suggestions = useId();
  const field = fieldOf(key)!;
  const hasPath = key.endsWith('.');
  const known = suggestionsFor(key, counts);

  return (
    <form
      class="condition-form"
      onSubmit={(event) => {
        event.preventDefault();
        const condition = { field: hasPath ? key + path.trim() : key, operator, value: value.trim() };
        const wrong = faultOf(condition);
        setFault(wrong);
        if (wrong === undefined) onAdd(condition);
      }}
    >
      <select
        class="field"
        aria-label="Field"
        value={key}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setKey(next);
          setOperator(OPERATORS[fieldOf(next)!.kind][0]![0]);
          setFault(undefined);
        }}
      >
        {FILTER_FIELDS.map((each) => (
          <option key={each.key} value={each.key}>
            {each.label}
          </option>
        ))}
      </select>
      {hasPath && (
        <input
          class="field"
          aria-label={field.kind === 'config' ? 'Path of the hyperparameter' : 'Name of the metric'}
          placeholder={field.kind === 'config' ? 'batch_size' : 'best_val_loss'}
          value={path}
          onInput={(event) => setPath(event.currentTarget.value)}
        />
      )}
      <select
        class="field"
        aria-label="Comparison"
        value={operator}
        onChange={(event) => setOperator(event.currentTarget.value)}
      >
        {OPERATORS[field.kind].map(([each, label]) => (
          <option key={each} value={each}>
            {label}
          </option>
        ))}
      </select>
      {operator !== 'exists' && (
        <input
          class="field"
          type={field.kind === 'time' ? 'date' : 'text'}
          aria-label="Value"
          placeholder={field.kind === 'list' ? 'baseline, ssl' : field.kind === 'time' ? '' : 'value'}
          list={known.length > 0 ? suggestions : undefined}
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      )}
      <datalist id={suggestions}>
        {known.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {fault && (
        <p class="field-fault" role="alert">
          {fault}
        </p>
      )}
      <button class="button primary">Add filter</button>
    </form>
  );
}

function suggestionsFor(key: string, counts: Counts | null): string[] {
  const facets =
    key === 'challenge'
      ? counts?.all.byChallenge
      : key === 'modelName'
        ? counts?.all.byModel
        : key === 'tags'
          ? counts?.all.byTag
          : undefined;
  return (facets ?? []).flatMap(({ value }) => value ?? []).slice(0, 50);
}
