/** An operation of examples/operations, ready to run. */
export interface SavedOperation {
  /** The file's name without its ending. */
  name: string;
  /** The first sentence of the comment at its head. */
  summary: string;
  query: string;
  /** Variables as JSON text; empty where it takes none. */
  variables: string;
}

const queries = import.meta.glob<string>('../../examples/operations/*.graphql', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const variables = import.meta.glob<string>('../../examples/operations/*.json', {
  query: '?raw',
  import: 'default',
  eager: true,
});

function summaryOf(query: string): string {
  const comment = query
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.slice(1).trim())
    .join(' ');
  return /^.*?\.(?=\s|$)/.exec(comment)?.[0] ?? comment;
}

/** The saved operations by name. */
export const SAVED_OPERATIONS: readonly SavedOperation[] = Object.entries(queries)
  .map(([path, query]) => ({
    name: path.slice(path.lastIndexOf('/') + 1, -'.graphql'.length),
    summary: summaryOf(query),
    query,
    variables: variables[path.replace(/\.graphql$/, '.json')] ?? '',
  }))
  .sort((a, b) => a.name.localeCompare(b.name));
