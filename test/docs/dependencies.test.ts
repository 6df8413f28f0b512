import { readFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../kit/embedded';

const read = (file: string): string => readFileSync(path.join(REPOSITORY, file), 'utf8');
const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

describe('docs/dependencies.md', () => {
  const [, production = '', development = ''] = read('docs/dependencies.md').split(/^## .*$/m);

  test.each([
    ['dependencies', production, dependencies!],
    ['devDependencies', development, devDependencies!],
  ])('has every one of %s with its reason, and no other', (_, text, packages) => {
    const listed = [...text.matchAll(/^\| `([^`]+)` +\| (\S.*\S) +\|$/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(packages).sort());
  });

  test('is about exact versions', () => {
    for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d/);
  });
});
