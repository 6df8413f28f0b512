import { EJSON } from 'bson';
import { MongoClient, type Collection, type Db, type Document } from 'mongodb';
import { newDatabaseUri } from '../kit/database';
import { EXPRESSIONS, PIPELINES } from './manual/aggregations';
import { Fails } from './manual/case';
import { PROJECTIONS, QUERIES, SORTS } from './manual/queries';
import { UPDATES } from './manual/updates';

/*
 * What MongoDB's manual says, case by case, asked of the database of this run: the embedded one, or a real one when
 * MONGODB_URI is set. Answers are compared as canonical extended JSON, so types and field order count.
 */
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  client = new MongoClient(newDatabaseUri(), { promoteValues: false, bsonRegExp: true });
  db = client.db();
  await client.connect();
});

afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

async function filled(documents: object[]): Promise<Collection<Document>> {
  await db.collection('cases').deleteMany({});
  if (documents.length > 0) await db.collection('cases').insertMany(documents.map((d) => ({ ...d })));
  return db.collection('cases');
}

const canonical = (value: unknown): string => JSON.stringify(EJSON.serialize({ value }, { relaxed: false }));

/** Checks an answer, or that there is the wanted error instead. */
async function check(want: unknown, ask: () => Promise<unknown>): Promise<void> {
  if (!(want instanceof Fails)) {
    expect(canonical(await ask())).toBe(canonical(want));
    return;
  }
  let code: number | undefined;
  try {
    await ask();
  } catch (error) {
    code = Number((error as { code?: unknown }).code);
  }
  expect(code).toEqual(want.code ?? expect.any(Number));
}

const named = <T extends [string, ...unknown[]]>(cases: T[], shown: number): [string, T][] =>
  cases.map((c, i) => [`${i} ${c[0]} ${JSON.stringify(c[shown])}`, c]);

test('there are at least 250 cases', () => {
  const all = [QUERIES, SORTS, PROJECTIONS, UPDATES, EXPRESSIONS, PIPELINES];
  expect(all.reduce((n, cases) => n + cases.length, 0)).toBeGreaterThanOrEqual(250);
});

test.each(named(QUERIES, 2))('query %s', async (_name, [, documents, filter, matching]) => {
  const collection = await filled(documents);
  await check(matching, async () =>
    (await collection.find(filter).toArray()).map((d) => Number(d._id)).sort((a, b) => a - b),
  );
});

test.each(named(SORTS, 2))('sort %s', async (_name, [, documents, sort, order]) => {
  await filled(documents);
  await check(order, async () => {
    const found = await db.command({ find: 'cases', sort });
    return (found.cursor as { firstBatch: Document[] }).firstBatch.map((d) => Number(d._id));
  });
});

test.each(named(PROJECTIONS, 2))('projection %s', async (_name, [, document, projection, result]) => {
  const collection = await filled([document]);
  await check(result, () => collection.findOne({}, { projection }));
});

test.each(named(UPDATES, 2))('update %s', async (_name, [, before, update, after, filter]) => {
  const collection = await filled(before === null ? [] : [{ _id: 1, ...before }]);
  await check(after, async () => {
    const q = filter ?? { _id: 1 };
    const reply = await db.command({ update: 'cases', updates: [{ q, u: update, upsert: before === null }] });
    const [failure] = (reply.writeErrors ?? []) as { code: number }[];
    if (failure) throw Object.assign(new Error('refused'), { code: failure.code });
    const { _id, ...rest } = (await collection.findOne({}))!;
    expect(_id).toBeDefined();
    return rest;
  });
});

test.each(named(EXPRESSIONS, 1))('expression %s', async (_name, [, expression, value, document]) => {
  const collection = await filled([{ _id: 1, ...document }]);
  const want = value === undefined || value instanceof Fails ? value : { r: value };
  await check(want ?? {}, async () => {
    const [result] = await collection.aggregate([{ $project: { _id: 0, r: expression } }]).toArray();
    return result;
  });
});

test.each(named(PIPELINES, 2))('pipeline %s', async (_name, [, documents, pipeline, result]) => {
  const collection = await filled(documents);
  await check(result, () => collection.aggregate(pipeline).toArray());
});
