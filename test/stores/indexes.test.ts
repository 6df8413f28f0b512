import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ObjectId } from 'mongodb';
import { explainPage } from '../../src/stores/explain';
import { fillLaboratory } from '../../bench/laboratory/fill';
import { listQueries } from '../../bench/laboratory/list-queries';
import { openTestDatabase, type TestDatabase } from '../kit/database';
import { REPOSITORY } from '../kit/embedded';

const EXPERIMENTS = 3_000;
const PAGE = 50;

/** Far more than any page that an index serves reads here, and far less than all. */
const MOST_EXAMINED = EXPERIMENTS * 0.4;

const NOWHERE = { run: new ObjectId(), parent: new ObjectId() };
const served = listQueries(NOWHERE).filter(({ indexes }) => indexes.length > 0);
const sortedInMemory = listQueries(NOWHERE).filter(({ indexes }) => indexes.length === 0);

/** Rows of the tables in docs/indexes.md by their first cell. */
function documentedRows(): Map<string, string> {
  const text = readFileSync(path.join(REPOSITORY, 'docs/indexes.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return new Map(rows.map((row) => [row.split('|')[1]!.trim(), row]));
}

describe('indexes', () => {
  let db: TestDatabase;
  let places: { run: ObjectId; parent: ObjectId };
  beforeAll(async () => {
    db = await openTestDatabase();
    const { collections } = db.database;
    const sizes = { experiments: EXPERIMENTS, epochs: 2 * EXPERIMENTS, checkpoints: EXPERIMENTS, subjects: 1_000 };
    const { experimentIds } = await fillLaboratory(collections, sizes);
    const child = await collections.experiments.findOne({ parent_experiment_id: { $type: 'objectId' } });
    places = { run: experimentIds.at(-1)!, parent: child!.parent_experiment_id as ObjectId };
  });
  afterAll(() => db.drop());

  it.each(served.map(({ what }) => what))('%s: by an index that is there for it', async (what) => {
    const { collection, filter, order, indexes } = listQueries(places).find((query) => query.what === what)!;
    const plan = await explainPage(db.database.collections[collection], filter, order, PAGE);
    expect(indexes).toContain(plan.indexName);
    expect(plan.keysExamined).toBeLessThan(MOST_EXAMINED);
    expect(plan.documentsExamined).toBeLessThan(MOST_EXAMINED);
  });

  it('are all named in docs/indexes.md, and no others', async () => {
    const text = readFileSync(path.join(REPOSITORY, 'docs/indexes.md'), 'utf8');
    const named = new Set([...text.matchAll(/`([\w.-]+_-?1|one_best_per_experiment)`/g)].map(([, name]) => name));
    const made = await Promise.all(Object.values(db.database.collections).map((collection) => collection.indexes()));
    const names = made.flat().flatMap(({ name }) => (name === '_id_' ? [] : [name]));
    expect([...named].sort()).toEqual([...new Set(names)].sort());
  });

  it.each(served.map(({ what, indexes }) => [what, indexes] as const))(
    '%s: as docs/indexes.md has it',
    (what, indexes) => {
      const row = documentedRows().get(what);
      expect(indexes.map((name) => `\`${name}\``).filter((name) => row?.includes(name))).not.toEqual([]);
    },
  );

  it.each(sortedInMemory.map(({ what }) => what))('%s: docs/indexes.md says why it is sorted in memory', (what) => {
    expect(documentedRows().get(what)).toMatch(/\| in memory +\| \w+/);
  });
});
