import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';
import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createElement as element } from 'react';
import { createRoot } from 'react-dom/client';
import { authorizationHeaders, connectionParameters } from '../src/api/session';
import { SAVED_OPERATIONS } from './saved-operations';
import { savedOperationsPlugin } from './saved-plugin';

const origin = location.origin;

// The token that the dashboard was given serves here, too; the headers editor may name another.
const fetcher = createGraphiQLFetcher({
  url: `${origin}/graphql`,
  headers: authorizationHeaders(),
  wsClient: createClient({
    url: `${origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: () => connectionParameters() ?? {},
  }),
});

const first = SAVED_OPERATIONS.find(({ name }) => name === 'latest-running') ?? SAVED_OPERATIONS[0];

createRoot(document.getElementById('graphiql')!).render(
  element(GraphiQL, {
    fetcher,
    plugins: [savedOperationsPlugin, HISTORY_PLUGIN],
    referencePlugin: DOC_EXPLORER_PLUGIN,
    visiblePlugin: savedOperationsPlugin.title,
    defaultQuery: first?.query ?? '',
    shouldPersistHeaders: false,
  }),
);
