import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * Builds the dashboard into dist/dashboard and GraphiQL into dist/graphiql, each file with a gzip and a brotli copy
 * beside it. A site whose sources are the ones it was last built from is left as it is, so that `npm start` waits for it
 * once. Fails when the dashboard grows past its budget.
 */
const WEB = import.meta.dirname;
const ROOT = path.join(WEB, '..');
const BUDGET_BYTES = 250_000;
const COMPRESSED = /\.(html|js|css|svg|json|webmanifest)$/;

const SITES = [
  { mode: 'dashboard', sources: ['index.html', 'vite.config.mjs', 'build.mjs', 'src', 'public'] },
  { mode: 'graphiql', sources: ['graphiql', 'vite.config.mjs', 'build.mjs', '../examples/operations'] },
];

function filesBelow(start) {
  if (!existsSync(start)) return [];
  if (!statSync(start).isDirectory()) return [start];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** A digest of the sources and of the versions of all packages. */
function digestOf(sources) {
  const hash = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const file of sources.flatMap((source) => filesBelow(path.join(WEB, source)))) {
    hash.update(`\0${path.relative(ROOT, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function compress(folder, mode) {
  const quality = mode === 'dashboard' ? 11 : 6;
  let total = 0;
  for (const file of filesBelow(folder)) {
    const content = readFileSync(file);
    if (!COMPRESSED.test(file)) {
      total += content.length;
      continue;
    }
    const gzip = gzipSync(content, { level: 9 });
    writeFileSync(`${file}.gz`, gzip);
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }));
    total += gzip.length;
  }
  return total;
}

let vite;
for (const { mode, sources } of SITES) {
  const folder = path.join(ROOT, 'dist', mode);
  const stamp = path.join(ROOT, 'dist', `.${mode}-built-from`);
  const digest = digestOf(sources);
  if (existsSync(path.join(folder, 'index.html')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    continue;
  }
  vite ??= await import('vite');
  const began = performance.now();
  await vite.build({ configFile: path.join(WEB, 'vite.config.mjs'), mode, logLevel: 'error' });
  const bytes = compress(folder, mode);
  if (mode === 'dashboard' && bytes > BUDGET_BYTES) {
    throw new Error(`The dashboard has ${bytes} bytes compressed; its budget is ${BUDGET_BYTES}.`);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`Built ${mode}: ${Math.round(bytes / 1000)} kB compressed, in ${seconds} s`);
}
