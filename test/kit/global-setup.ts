import path from 'node:path';
import type { start as Start } from '../../src/embedded/start';
import { BUILT, temporaryFolder } from './embedded';

declare global {
  var stopSharedDatabase: (() => Promise<void>) | undefined;
}

/**
 * One database for the whole run: MONGODB_URI where it is set, else an embedded one of the build. Each test file takes a
 * database of its own on it.
 */
export default async function globalSetup(): Promise<void> {
  if (process.env.MONGODB_URI) {
    process.env.EPOCHGRAPH_TEST_URI = process.env.MONGODB_URI;
    return;
  }
  const { start } = (await import(path.join(BUILT, 'embedded/start.js'))) as { start: typeof Start };
  const { folder, remove } = temporaryFolder();
  const embedded = await start({ dataDir: folder, noSync: true, failPoints: true });
  process.env.EPOCHGRAPH_TEST_URI = embedded.uri;
  globalThis.stopSharedDatabase = async () => {
    await embedded.close();
    remove();
  };
}
