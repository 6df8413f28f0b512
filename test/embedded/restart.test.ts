import { MongoClient } from 'mongodb';
import { start } from '../../src/embedded/start';
import { dataDirectory } from './served';
import { rmSync } from 'node:fs';

it('reads a whole collection in the order of _id from its index after a restart, too', async () => {
  const dataDir = dataDirectory();
  const stages: string[] = [];
  for (let round = 0; round < 2; round++) {
    const database = await start({ dataDir, noSync: true });
    const client = await new MongoClient(database.uri).connect();
    const things = client.db('test').collection('things');
    await things.insertOne({ round });
    const { queryPlanner } = await things.find({}).sort({ _id: 1 }).explain('queryPlanner');
    const plan = queryPlanner.winningPlan as { stage: string; inputStage?: { stage: string } };
    stages.push(`${plan.stage} ${plan.inputStage?.stage}`);
    await client.close();
    await database.close();
  }
  rmSync(dataDir, { recursive: true, force: true });
  expect(stages).toEqual(['FETCH IXSCAN', 'FETCH IXSCAN']);
});
