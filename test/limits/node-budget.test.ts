import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  getIntrospectionQuery,
  getOperationAST,
  Kind,
  parse,
  print,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';
import { LOCAL_VIEWER } from '../../src/auth/viewer';
import { createDocuments } from '../../src/execution/documents';
import { createNodeBudget } from '../../src/execution/node-budget';
import { DEFAULT_LIMITS } from '../../src/limits';
import { createSchema } from '../../src/schema';
import { REPOSITORY } from '../kit/embedded';

const schema = createSchema();
const budget = createNodeBudget(schema);

function nodesOf(document: string, variables?: Record<string, unknown>, name?: string): number {
  const parsed = parse(document);
  return budget(parsed, getOperationAST(parsed, name)!)(variables);
}

const EPOCHS =
  'query ($a: Int, $b: Int = 7) { experiments(first: $a) { nodes { epochs(last: $b) { nodes { epoch } } } } }';
const CASES: [document: string, nodes: number, variables?: Record<string, unknown>][] = [
  ['{ serverInfo { version } }', 0],
  ['{ experiment(id: "a") { id name metrics { bestValLoss } } }', 1],
  ['{ experiments { totalCount } }', 20],
  ['{ experiments(first: 5) { nodes { id } } }', 5],
  ['{ experiments(first: 5) { edges { cursor node { id } } } }', 5],
  ['{ experiments(first: 5) { edges { node { id } } nodes { id } pageInfo { endCursor } } }', 10],
  ['{ experiments(last: 5) { a: nodes { id } b: nodes { id } c: nodes { id } } }', 15],
  // The same page asked for in two places is one.
  ['{ experiments(first: 5) { nodes { id } } ... { experiments(first: 5) { nodes { name } } } }', 5],
  ['{ a: experiments(first: 5) { nodes { id } } b: experiments(first: 6) { nodes { id } } }', 11],
  ['{ experiments(first: 100) { nodes { epochs(first: 50) { nodes { epoch } } } } }', 5_100],
  [
    '{ experiments(first: 10) { nodes { ...e } } } fragment e on Experiment { epochs { ...p } parent { id } } fragment p on EpochConnection { nodes { id } }',
    10 + 10 * 100 + 10,
  ],
  [
    '{ subjects(first: 1000) { nodes { experiments(first: 100) { nodes { subjects(first: 1000) { nodes { id } } } } } } }',
    1_000 + 100_000 + 100_000_000,
  ],
  [EPOCHS, 20 + 20 * 7],
  [EPOCHS, 3 + 3 * 7, { a: 3 }],
  [EPOCHS, 3 + 3 * 4, { a: 3, b: 4 }],
  [EPOCHS, 3 + 3 * 100, { a: 3, b: null }],
  // What the lists themselves refuse is not counted beyond what they take.
  [EPOCHS, 100 + 100 * 1_000, { a: 1e9, b: 1e9 }],
  [EPOCHS, 1 + 1, { a: -5, b: 0 }],
  [EPOCHS, 20 + 20 * 100, { a: 'x', b: {} }],
  [
    'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Experiment { epochs(first: 2) { nodes { id } } } } }',
    9,
    { ids: ['a', 'b', 'c'] },
  ],
  ['{ nodes(ids: ["a", "b"]) { id } }', 2],
  ['{ nodes(ids: "a") { id } }', 1],
  [
    'query ($ids: [ID!]!) { compareExperiments(ids: $ids) { experiments { epochs(first: 2) { nodes { id } } } } }',
    2 + 2 * 3,
    { ids: ['a', 'b'] },
  ],
  ['{ bestExperiments(challenge: 1) { id } }', 10],
  ['{ bestExperiments(challenge: 1, first: 3) { epoch(number: 1) { id } } }', 6],
  ['subscription { leaderboard(challenge: 1, first: 3) { bestCheckpoint { id } } }', 6],
  ['subscription { epochLogged(experimentId: "a") { epoch { experiment { id } } } }', 2],
  ['{ experiment(id: "a") { series { values } } }', 1 + 200],
  ['{ experiment(id: "a") { series(metrics: ["a"], maxPoints: 48) { values } } }', 1 + 1],
  ['{ experiment(id: "a") { series(metrics: ["a", "b"], maxPoints: 10000) { values } } }', 1 + 200],
  // Once more under another name: charged, unless an argument makes another question of it.
  ['{ experiment(id: "a") { metrics { a: values b: values c: values } } }', 1 + 2],
  ['{ experiment(id: "a") { metrics { a: value(name: "a") b: value(name: "b") } } }', 1],
  ['{ experiments(first: 10) { nodes { a: note b: note } } }', 20],
];

describe('the nodes that an operation may come to', () => {
  it.each(CASES)('%s: %i', (document, nodes, ...[variables]) => {
    expect(nodesOf(document, variables)).toBe(nodes);
  });

  it('are known for every list of the schema', () => {
    expect(() => createNodeBudget(buildSchema('type Query { things: [Thing] } type Thing { id: ID }'))).toThrow(
      'Query.things: say in src/execution/list-sizes.ts how many it may hold',
    );
  });
});

/** Documents that people and the dashboard send, with variables that ask for the most. */
const LARGEST: Record<string, unknown> = {
  first: 200,
  maxPoints: 2_000,
  ids: Array.from({ length: 20 }, () => 'a'.repeat(24)),
  from: 0,
  to: 1_000,
};

function dashboard(): [string, string][] {
  const { definitions } = parse(readFileSync(path.join(REPOSITORY, 'web/src/api/operations.graphql'), 'utf8'));
  const fragments = definitions.filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION);
  const spreads = (text: string): string[] => {
    const found = fragments.filter(({ name }) => new RegExp(`\\.\\.\\.${name.value}\\b`).test(text));
    return found.flatMap((one) => [print(one), ...spreads(print(one))]);
  };
  return definitions
    .filter((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)
    .map((one) => [one.name!.value, [print(one), ...new Set(spreads(print(one)))].join('\n')]);
}

function examples(): [string, string][] {
  const folder = path.join(REPOSITORY, 'examples/operations');
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  return files.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
}

/** The GraphQL of the documentation, whole documents only. */
function documentation(): [string, string][] {
  const files = [...readdirSync(path.join(REPOSITORY, 'docs')).map((name) => `docs/${name}`), 'README.md'];
  return files
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => {
      const text = readFileSync(path.join(REPOSITORY, name), 'utf8');
      return [...text.matchAll(/```graphql\n([^]*?)```/g)].map(([, document], index): [string, string] => [
        `${name} ${index + 1}`,
        document!,
      ]);
    });
}

describe('the limits let through', () => {
  const documents = createDocuments(schema, DEFAULT_LIMITS, true);
  const all = [
    ...dashboard(),
    ...examples(),
    ...documentation(),
    ['GraphiQL', getIntrospectionQuery({ inputValueDeprecation: true, oneOf: false, schemaDescription: true })],
  ] as [string, string][];

  it('has found them', () => {
    expect(dashboard().length).toBeGreaterThan(20);
    expect(examples().length).toBeGreaterThan(10);
    expect(documentation().length).toBeGreaterThan(0);
  });

  it.each(all)('%s', (_, text) => {
    const read = documents.read(text);
    if (!('document' in read)) throw new Error(read.map(({ message }) => message).join('; '));
    for (const definition of read.document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      documents.check(read, definition, LARGEST, LOCAL_VIEWER);
      // Room for five times as much.
      expect(budget(read.document, definition)(LARGEST) * 5).toBeLessThan(DEFAULT_LIMITS.nodes);
    }
  });
});
