import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ERROR_CODES } from '../../src/errors';
import { REPOSITORY } from '../kit/embedded';

/** The rows of the table of codes: each row of docs/errors.md whose first cell is a code in backticks. */
function documentedCodes(): [string, string][] {
  const text = readFileSync(path.join(REPOSITORY, 'docs/errors.md'), 'utf8');
  return [...text.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\|$/gm)].map(([, code, meaning]) => [code!, meaning!]);
}

test('docs/errors.md lists the codes of src/errors.ts in its words and order, and no other', () => {
  expect(documentedCodes()).toEqual(Object.entries(ERROR_CODES));
});
