import path from 'node:path';
import { defineConfig } from 'vite';

const folder = import.meta.dirname;

/**
 * Two sites: the dashboard at `/`, and GraphiQL at `/graphiql` when the mode is `graphiql`. Both keep all their files with
 * them: the server answers nothing from another host, and the Content-Security-Policy allows none.
 */
export default defineConfig(({ mode }) => {
  const isGraphiql = mode === 'graphiql';
  return {
    root: isGraphiql ? path.join(folder, 'graphiql') : folder,
    base: isGraphiql ? '/graphiql/' : '/',
    publicDir: isGraphiql ? false : path.join(folder, 'public'),
    cacheDir: path.join(folder, '../node_modules/.cache/vite'),
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    build: {
      outDir: path.join(folder, isGraphiql ? '../dist/graphiql' : '../dist/dashboard'),
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 10_000,
    },
    server: {
      host: '127.0.0.1',
      proxy: { '/graphql': { target: process.env.EPOCHGRAPH_URL ?? 'http://127.0.0.1:4000', ws: true } },
    },
  };
});
