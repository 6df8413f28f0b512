/** The dashboard and GraphiQL talk to the public API only: they import nothing of the server, and have no cycles. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'public-api-only', severity: 'error', from: {}, to: { path: '^(src|types|resolvers|test)/' } },
    {
      name: 'pages-are-built-from-parts',
      severity: 'error',
      comment: 'what all pages share knows none of them',
      from: { path: '^web/src/(api|ui|charts)/|^web/src/(format|routing|clock)\\.ts$' },
      to: { path: '^web/src/(experiments|run|compare|leaderboard|subjects|actions)/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@graphql-typed-document-node/core$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'module', 'browser', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
