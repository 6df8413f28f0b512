import type { ExperimentFilter } from '../api/documents';

/** How the values of a field are compared. */
export type FieldKind = 'number' | 'text' | 'list' | 'time' | 'config' | 'metric';

/** A field that the list can be filtered by, beside the search and the states. */
export interface FilterField {
  /** As it stands in the address; `config.` and `metric.` are followed by a path or a name. */
  key: string;
  label: string;
  kind: FieldKind;
}

export const FILTER_FIELDS: readonly FilterField[] = [
  { key: 'challenge', label: 'Challenge', kind: 'number' },
  { key: 'modelName', label: 'Model', kind: 'text' },
  { key: 'name', label: 'Name', kind: 'text' },
  { key: 'tags', label: 'Tags', kind: 'list' },
  { key: 'releases', label: 'Releases', kind: 'list' },
  { key: 'createdBy', label: 'Started by', kind: 'text' },
  { key: 'hostname', label: 'Machine', kind: 'text' },
  { key: 'startTime', label: 'Started', kind: 'time' },
  { key: 'endTime', label: 'Ended', kind: 'time' },
  { key: 'config.', label: 'Hyperparameter', kind: 'config' },
  { key: 'metric.', label: 'Metric', kind: 'metric' },
];

export const OPERATORS: Readonly<Record<FieldKind, readonly (readonly [operator: string, label: string])[]>> = {
  number: [
    ['eq', 'is'],
    ['ne', 'is not'],
    ['gte', '≥'],
    ['lte', '≤'],
  ],
  text: [
    ['eq', 'is'],
    ['ne', 'is not'],
    ['contains', 'contains'],
    ['startsWith', 'starts with'],
  ],
  list: [
    ['any', 'any of'],
    ['all', 'all of'],
    ['none', 'none of'],
  ],
  time: [
    ['gte', 'from'],
    ['lt', 'before'],
  ],
  config: [
    ['eq', '='],
    ['ne', '≠'],
    ['gt', '>'],
    ['gte', '≥'],
    ['lt', '<'],
    ['lte', '≤'],
    ['exists', 'is set'],
  ],
  metric: [
    ['lte', '≤'],
    ['lt', '<'],
    ['gte', '≥'],
    ['gt', '>'],
    ['eq', '='],
    ['exists', 'is stored'],
  ],
};

/** One condition of the list. */
export interface Condition {
  field: string;
  operator: string;
  value: string;
}

export function fieldOf(key: string): FilterField | undefined {
  return FILTER_FIELDS.find((field) => (field.key.endsWith('.') ? key.startsWith(field.key) : key === field.key));
}

/** A condition as one parameter `f` of the address: `config.batch_size:gte:32`. */
export function writeCondition({ field, operator, value }: Condition): string {
  return `${field}:${operator}:${value}`;
}

/** The same back; undefined for what is no condition. */
export function readCondition(text: string): Condition | undefined {
  const match = /^([^:]+):([a-zA-Z]+):([^]*)$/.exec(text);
  const field = match && fieldOf(match[1]!);
  if (!match || !field || !OPERATORS[field.kind].some(([operator]) => operator === match[2])) return undefined;
  return { field: match[1]!, operator: match[2]!, value: match[3]! };
}

/** A condition in words: "batch_size ≥ 32". */
export function conditionWords({ field: key, operator, value }: Condition): string {
  const field = fieldOf(key);
  if (!field) return key;
  const name = key.startsWith(field.key) && field.key.endsWith('.') ? key.slice(field.key.length) : field.label;
  const word = OPERATORS[field.kind].find(([known]) => known === operator)?.[1] ?? operator;
  return operator === 'exists' ? `${name} ${word}` : `${name} ${word} ${value.replaceAll(',', ', ')}`;
}

/** Why a condition makes no sense; undefined where it does. */
export function faultOf({ field: key, operator, value }: Condition): string | undefined {
  const field = fieldOf(key);
  if (!field || key.endsWith('.')) return 'Name the field.';
  if (operator === 'exists') return undefined;
  if (value.trim() === '') return 'Give a value.';
  const isOrdered = ['gt', 'gte', 'lt', 'lte'].includes(operator);
  const mustBeNumber = field.kind === 'number' || field.kind === 'metric' || (field.kind === 'config' && isOrdered);
  if (mustBeNumber && !Number.isFinite(Number(value))) return 'This field is compared with a number.';
  if (field.kind === 'number' && !Number.isInteger(Number(value))) return 'This field takes whole numbers.';
  if (field.kind === 'time' && Number.isNaN(Date.parse(value))) return 'Give a date.';
  return undefined;
}

/** Hyperparameters are compared by type: 16 is a number, true a boolean, "16" in quotes a text. */
function configValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function filterOf({ field: key, operator, value }: Condition): ExperimentFilter {
  const field = fieldOf(key)!;
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  switch (field.kind) {
    case 'number':
      return { [key]: { [operator]: Number(value) } };
    case 'text':
      return { [key]: { [operator]: value } };
    case 'list':
      return { [key]: { [operator]: items } };
    case 'time':
      return { [key]: { [operator]: new Date(value).toISOString() } };
    case 'config': {
      const path = key.slice('config.'.length);
      const isEquality = operator === 'eq' || operator === 'ne';
      const compared = operator === 'exists' ? true : isEquality ? configValue(value) : Number(value);
      return { config: [{ path, [operator]: compared }] };
    }
    case 'metric':
      return {
        metrics: [{ name: key.slice('metric.'.length), [operator]: operator === 'exists' ? true : Number(value) }],
      };
  }
}

/** The states that a person picks from; RUNNING is a run that is not STALLED. */
export const STATES = ['RUNNING', 'STALLED', 'COMPLETED', 'FAILED', 'STOPPED'] as const;
export type State = (typeof STATES)[number];

function stateFilter(states: readonly State[]): ExperimentFilter {
  const liveness = states.flatMap((state) =>
    state === 'RUNNING' ? (['ALIVE', 'UNKNOWN'] as const) : state === 'STALLED' ? (['STALLED'] as const) : [],
  );
  const status = states.filter((state) => state === 'COMPLETED' || state === 'FAILED' || state === 'STOPPED');
  if (liveness.length === 0) return { status };
  if (status.length === 0) return { liveness };
  return { or: [{ liveness }, { status }] };
}

/** What the list is narrowed to. */
export interface Narrowing {
  search: string;
  states: readonly State[];
  conditions: readonly Condition[];
}

/** The narrowing that an address holds; what makes no sense in it is left out. */
export function readNarrowing(query: URLSearchParams): Narrowing {
  const states = (query.get('state') ?? '').split(',');
  return {
    search: query.get('q') ?? '',
    states: STATES.filter((state) => states.includes(state)),
    conditions: query
      .getAll('f')
      .flatMap((text) => readCondition(text) ?? [])
      .filter((condition) => faultOf(condition) === undefined),
  };
}

/** The API's filter for it; null where everything is wanted. */
export function toFilter({ search, states, conditions }: Narrowing): ExperimentFilter | null {
  const all: ExperimentFilter[] = conditions.map(filterOf);
  if (search.trim() !== '') all.push({ search: search.trim() });
  if (states.length > 0) all.push(stateFilter(states));
  return all.length === 0 ? null : all.length === 1 ? all[0]! : { and: all };
}
