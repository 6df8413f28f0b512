/**
 * Imports run one way (docs/architecture.md). Each layer below may import itself and the layers before it; the rules
 * name what would go against the order, and cycles are forbidden everywhere.
 */
const LAYERS = [
  ['types', '^types/'],
  ['base', '^src/(errors|config|limits|log|json-bytes)\\.ts$'],
  ['stores', '^src/stores/'],
  ['middle', '^src/(live/|loaders\\.ts|auth/)'],
  ['imports', '^src/(import|export|demo)/'],
  ['context', '^src/context\\.ts$'],
  ['resolvers', '^resolvers/'],
  ['schema', '^src/schema(-file|-properties)?\\.ts$'],
  ['execution', '^src/execution/'],
  ['http', '^src/http/'],
  ['server', '^src/(server|open-database)\\.ts$'],
  ['main', '^src/(main\\.ts|cli/)'],
];

const layerRules = LAYERS.slice(0, -1).map(([name, path], index) => ({
  name: `${name}-imports-down`,
  severity: 'error',
  comment: `${name} may not import a layer after it`,
  from: { path },
  to: { path: LAYERS.slice(index + 1).map(([, later]) => later) },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...layerRules,
    {
      name: 'types-know-graphql-alone',
      severity: 'error',
      comment: 'type classes import graphql, type-graphql and each other',
      from: { path: '^types/' },
      to: { pathNot: ['^types/', '^node_modules/(graphql|type-graphql)/'] },
    },
    {
      name: 'embedded-stands-alone',
      severity: 'error',
      comment: 'the embedded database imports nothing of the application',
      from: { path: '^src/embedded/' },
      to: { path: '^(src|types|resolvers)/', pathNot: '^src/embedded/' },
    },
    {
      name: 'embedded-by-its-door',
      severity: 'error',
      comment: 'the application uses the embedded database through start() and the driver',
      from: { path: '^(src|types|resolvers)/', pathNot: '^src/embedded/' },
      to: { path: '^src/embedded/', pathNot: '^src/embedded/start\\.ts$' },
    },
    {
      name: 'stores-alone-know-mongodb',
      severity: 'error',
      comment: 'queries are made in the stores; other layers may know the types of ids and change events',
      from: { path: '^(src|resolvers)/', pathNot: '^src/(stores|live|embedded)/' },
      to: { path: '^node_modules/mongodb/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvers-by-the-schema',
      severity: 'error',
      comment: 'schema.ts is the only importer of resolvers',
      from: { pathNot: ['^resolvers/', '^src/schema\\.ts$'] },
      to: { path: '^resolvers/' },
    },
    {
      name: 'watch-is-a-client',
      severity: 'error',
      comment: 'watch talks to the public API only',
      from: { path: '^src/watch' },
      to: { path: '^(src|types|resolvers)/', pathNot: '^src/watch' },
    },
    { name: 'not-to-tests', severity: 'error', from: { path: '^(src|types|resolvers)/' }, to: { path: '^test/' } },
    { name: 'resolvable', severity: 'error', from: { pathNot: '^web/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
