import { readFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../kit/embedded';

it('the recipe in docs/live.md is the one that is tested', () => {
  const read = (...names: string[]) => readFileSync(path.join(REPOSITORY, ...names), 'utf8');
  const [, listing] = /```ts\n(\/\*\* Follows.*?)```/s.exec(read('docs', 'live.md'))!;
  expect(read('examples', 'follow.ts')).toContain(listing);
});
