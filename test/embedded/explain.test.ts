import type { Document } from 'mongodb';
import { serve, type Served } from './served';

/** Explains of the commands that can be, with a condition on the indexed field a. */
const COMMANDS: Document[] = [
  { find: 'c', filter: { a: 1 } },
  { aggregate: 'c', pipeline: [{ $match: { a: 1 } }], cursor: {} },
  { count: 'c', query: { a: 1 } },
  { distinct: 'c', key: 'b', query: { a: 1 } },
  { update: 'c', updates: [{ q: { a: 1 }, u: { $set: { b: 2 } } }] },
  { delete: 'c', deletes: [{ q: { a: 1 }, limit: 1 }] },
  { findAndModify: 'c', query: { a: 1 }, remove: true },
];

describe('explain', () => {
  let served: Served;
  const explain = (command: Document): Promise<Document> =>
    served.client.db('t').command({ explain: command, verbosity: 'executionStats' });

  beforeAll(async () => {
    served = await serve();
    const collection = served.client.db('t').collection('c');
    await collection.insertMany(Array.from({ length: 50 }, (_, i) => ({ a: i % 25, b: i })));
    await collection.createIndex({ a: 1 });
  });
  afterAll(() => served.close());

  it.each(COMMANDS.map((command) => [Object.keys(command)[0]!, command]))(
    '%s: tells the index, and what is read',
    async (_, command) => {
      const { queryPlanner, executionStats } = await explain(command);
      expect(queryPlanner).toMatchObject({ namespace: 't.c' });
      expect(JSON.stringify(queryPlanner)).toContain('"indexName":"a_1"');
      expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(2);
      expect(executionStats.totalDocsExamined).toBe(executionStats.totalKeysExamined);
    },
  );

  it.each(COMMANDS.map((command) => [Object.keys(command)[0]!, command]))(
    '%s: refuses unknown options and those that the command refuses',
    async (_, command) => {
      await expect(explain({ ...command, nonsense: 1 })).rejects.toMatchObject({ code: 40415 });
      const refused = ['update', 'delete'].includes(Object.keys(command)[0]!) ? 'let' : 'collation';
      await expect(explain({ ...command, [refused]: { locale: 'de' } })).rejects.toMatchObject({ code: 72 });
    },
  );

  it('checks the statements of a write and the stages of a pipeline, too, and changes nothing', async () => {
    const updates = [{ q: {}, u: { $set: { b: 1 } }, collation: { locale: 'de' } }];
    await expect(explain({ update: 'c', updates })).rejects.toMatchObject({ code: 72 });
    await expect(explain({ delete: 'c', deletes: [{ q: {}, limit: 7 }] })).rejects.toMatchObject({ code: 9 });
    await expect(explain({ aggregate: 'c', pipeline: [{ $out: 'd' }] })).rejects.toMatchObject({ code: 115 });
    await expect(explain({ find: 'c', filter: { a: { $near: 1 } } })).rejects.toMatchObject({ code: 2 });
    await expect(explain({ insert: 'c', documents: [{}] })).rejects.toMatchObject({ code: 59 });
    expect(await served.client.db('t').collection('c').countDocuments({})).toBe(50);
  });
});
