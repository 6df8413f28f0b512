/**
 * Makes docs/performance.md of the results in bench/results and of bench/levers.md, or says with --check whether it is what they give.
 *
 *     npm run bench -- report [--check] [--results FOLDER] [--page FILE]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { performancePage } from './laboratory/performance/page';
import { readResults } from './laboratory/performance/results-of';
import { RESULTS, ROOT } from './laboratory/result-files';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      results: { type: 'string', default: RESULTS },
      page: { type: 'string', default: path.join(ROOT, 'docs', 'performance.md') },
    },
  });
  const levers = readFileSync(path.join(ROOT, 'bench', 'levers.md'), 'utf8');
  const made = performancePage(readResults('embedded', values.results), readResults('mongodb', values.results), levers);
  const text = await format(made, { ...(await resolveConfig(values.page)), parser: 'markdown' });
  if (!values.check) {
    writeFileSync(values.page, text);
  } else if (readFileSync(values.page, 'utf8') !== text) {
    throw new Error('docs/performance.md is not what bench/results gives: `npm run bench -- report` makes it anew.');
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
