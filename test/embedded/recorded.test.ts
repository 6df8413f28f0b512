import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EJSON } from 'bson';
import { MongoClient, type Collection, type Db, type Document } from 'mongodb';
import { newDatabaseUri } from '../kit/database';

/*
 * The answers that a real mongod 4.4 gave, asked again. Both sides are compared as canonical extended JSON, so that types
 * and field order count too. docs/embedded-database.md lists the cases that MongoDB 7.0 answers otherwise.
 */
const FOLDER = process.env.EPOCHGRAPH_BEHAVIOUR ?? path.resolve(__dirname, '../../../shared/data/mongodb-behaviour');
const present = existsSync(path.join(FOLDER, 'query.json'));
if (!present) console.log(`SKIPPED: the answers recorded from a mongod are not at ${FOLDER} (EPOCHGRAPH_BEHAVIOUR)`);
const suite = present ? describe : describe.skip;
const title = present ? 'recorded answers' : 'recorded answers (skipped: the recordings are absent)';

interface Failure {
  code: number;
}
interface QueryCase {
  filter?: object;
  sort?: object;
  projection?: object;
  distinct?: string;
  ids?: number[];
  docs?: object[];
  values?: unknown[];
  error?: Failure;
}
interface UpdateCase {
  doc: object;
  filter: object;
  update: Record<string, object>;
  upsert?: boolean;
  multi?: boolean;
  n?: number;
  nModified?: number;
  upserted?: unknown;
  error?: Failure;
  after: object[];
}
interface ModifyCase {
  docs: object[];
  command: object;
  value?: object | null;
  lastErrorObject?: object;
  error?: Failure;
  after: object[];
}
interface PipelineCase {
  on?: string;
  pipeline: object[];
  result?: object[];
  error?: Failure;
}

function load<T>(name: string): T {
  return (JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Record<string, T>)[name]!;
}

/**
 * What docs/embedded-database.md lists as refused, with the code that it is refused with: an error there, and no answer.
 */
const REFUSED: [operator: string, code: number][] = [
  ['$bucket', 115],
  ['$slice', 168],
];
const refusal = (asked: object | undefined): { error: number } | undefined => {
  const found = asked && REFUSED.find(([operator]) => JSON.stringify(asked).includes(`"${operator}":`));
  return found && { error: found[1] };
};

const typed = <T extends object>(json: T): Document => EJSON.deserialize(json, { relaxed: false }) as Document;
const canonical = (value: unknown): string => JSON.stringify(EJSON.serialize({ value }, { relaxed: false }));
/** Recorded JSON on the same way, so that both sides' keys pass through a JavaScript object once. */
const recorded = (json: unknown): string => JSON.stringify({ value: json });
const hideGenerated = (text: string): string =>
  text.replace(/\{"\$oid":"(?!0{12})[0-9a-f]{24}"\}/g, '{"$oid":"<generated>"}');

/** The recording of distinct values lost the difference between 2, 2.0 and NumberLong(2): it was made with promotion. */
const promoted = (text: string): string =>
  text
    .replace(/\{"\$numberDouble":"(-?\d+)\.0"\}/g, '{"$numberInt":"$1"}')
    .replace(/(?<!"\$date":)\{"\$numberLong":"(-?\d{1,9})"\}/g, '{"$numberInt":"$1"}');

async function answer<T>(ask: () => Promise<T>): Promise<T | { error: number }> {
  try {
    return await ask();
  } catch (error) {
    const { code } = error as { code?: number | { value: number } };
    if (code === undefined) throw error;
    return { error: Number(code) };
  }
}

suite(title, () => {
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

  async function filled(name: string, documents: object[]): Promise<Collection<Document>> {
    await db.dropCollection(name);
    if (documents.length > 0) await db.collection(name).insertMany(documents.map(typed));
    return db.collection(name);
  }

  const INDEXES: [string, Document[]][] = [
    ['no index', []],
    ['single and nested indexes', [{ a: 1 }, { b: -1 }, { c: 1 }, { 's.x': 1 }, { 'a.x': 1 }]],
    [
      'compound indexes',
      [
        { a: 1, _id: 1 },
        { b: -1, _id: 1 },
        { c: 1, _id: -1 },
        { 's.x': 1, _id: 1 },
      ],
    ],
  ];

  describe.each(INDEXES)('queries with %s', (_name, indexes) => {
    const sets = present ? load<{ docs: object[]; cases: QueryCase[] }[]>('query') : [];

    test.each(sets.map((set, i) => [i, set] as const))('document set %i', async (_i, { docs, cases }) => {
      const collection = await filled('queries', docs);
      for (const index of indexes) await collection.createIndex(index);
      const wrong: string[] = [];
      for (const item of cases) {
        const got = await answer(async () => ask(collection, item));
        const want = refusal(item.projection) ?? (item.error ? { error: item.error.code } : wanted(item));
        if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(JSON.stringify({ item, got }).slice(0, 600));
      }
      expect(wrong).toEqual([]);
    });

    async function ask(collection: Collection<Document>, item: QueryCase): Promise<unknown> {
      if (item.distinct !== undefined) return (await collection.distinct(item.distinct)).map(canonical).map(promoted);
      const cursor = collection.find(typed(item.filter ?? {}));
      if (item.projection) {
        return (await cursor.sort({ _id: 1 }).limit(12).project(typed(item.projection)).toArray()).map(canonical);
      }
      if (item.sort) return (await cursor.sort(typed(item.sort)).toArray()).map(({ _id }) => Number(_id));
      return (await cursor.toArray()).map(({ _id }) => Number(_id)).sort((a, b) => a - b);
    }

    function wanted(item: QueryCase): unknown {
      if (item.values) return item.values.map(recorded);
      if (item.docs) return item.docs.map(recorded);
      return item.ids;
    }
  });

  /** MongoDB 5.0 made an empty operator a no-op; before, it was error 9. */
  const withoutEmpty = (update: Record<string, object>): Record<string, object> =>
    Object.fromEntries(Object.entries(update).filter(([, fields]) => Object.keys(fields ?? {}).length > 0));

  test('updates', async () => {
    const wrong: string[] = [];
    let newer = 0;
    for (const item of load<UpdateCase[]>('update')) {
      const emptied =
        item.error?.code === 9 &&
        Object.entries(item.update).some(([name, f]) => name.startsWith('$') && Object.keys(f).length === 0);
      const run = async (update: object): Promise<unknown> => {
        const collection = await filled('updates', [item.doc]);
        const reply = await answer(() =>
          db.command({
            update: 'updates',
            updates: [
              { q: typed(item.filter), u: typed(update), upsert: item.upsert ?? false, multi: item.multi ?? false },
            ],
          }),
        );
        const after = hideGenerated(canonical(await collection.find().sort({ _id: 1 }).toArray()));
        if ('error' in reply) return { error: reply.error as number, after };
        const first = (reply.writeErrors as { code: { value: number } }[] | undefined)?.[0];
        if (first) return { error: Number(first.code), after };
        return { n: Number(reply.n), nModified: Number(reply.nModified), after };
      };
      const got = await run(item.update);
      let want: unknown = item.error
        ? { error: item.error.code, after: recorded(item.after) }
        : { n: item.n, nModified: item.nModified, after: recorded(item.after) };
      if (emptied) {
        newer++;
        const left = withoutEmpty(item.update);
        // An operator document that is empty altogether would be a replacement.
        want = await run(Object.keys(left).length > 0 ? left : { $setOnInsert: {} });
      }
      if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(JSON.stringify({ item, got }).slice(0, 800));
    }
    expect(wrong).toEqual([]);
    expect(newer).toBe(31);
  });

  test('findAndModify', async () => {
    const wrong: string[] = [];
    for (const item of load<ModifyCase[]>('findAndModify')) {
      const collection = await filled('modified', item.docs);
      const reply = await answer(() => db.command({ findAndModify: 'modified', ...typed(item.command) }));
      const after = hideGenerated(canonical(await collection.find().sort({ _id: 1 }).toArray()));
      const got =
        'error' in reply
          ? [reply.error, after]
          : [hideGenerated(canonical(reply.value)), hideGenerated(canonical(reply.lastErrorObject)), after];
      const want = item.error
        ? [item.error.code, recorded(item.after)]
        : [recorded(item.value), recorded(item.lastErrorObject), recorded(item.after)];
      if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(JSON.stringify({ item, got }).slice(0, 800));
    }
    expect(wrong).toEqual([]);
  });

  test('aggregations', async () => {
    const { runs, ep, cases } = load<{ runs: object[]; ep: object[]; cases: PipelineCase[] }>('aggregate');
    await filled('runs', runs);
    await (await filled('ep', ep)).createIndex({ run: 1, epoch: 1 }, { unique: true });
    const wrong: string[] = [];
    for (const item of cases) {
      const got = await answer(async () => {
        const result = await db
          .collection(item.on ?? 'runs')
          .aggregate(item.pipeline.map(typed))
          .toArray();
        return canonical(result);
      });
      const want = refusal(item.pipeline) ?? (item.error ? { error: item.error.code } : recorded(item.result));
      if (JSON.stringify(got) !== JSON.stringify(want)) wrong.push(JSON.stringify({ item, got }).slice(0, 800));
    }
    expect(wrong).toEqual([]);
  });
});
