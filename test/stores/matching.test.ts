import type { Document } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { ExperimentFilter } from '../../types/inputs/ExperimentFilter';
import { experimentFilter } from '../../src/stores/filters';
import { LivenessAt } from '../../src/stores/liveness';
import { matcherOf } from '../../src/stores/matching';
import { isExperimentUnder } from '../api/query-model/filters';
import { randomExperiments } from '../api/query-model/random-documents';
import { randomExperimentFilter } from '../api/query-model/random-queries';
import { Random } from '../embedded/random';
import { openTestDatabase, type TestDatabase } from '../kit/database';

/** SEED=n repeats a run, QUERY_CASES=n makes it longer. */
const SEED = Number(process.env.SEED ?? Date.now() % 0x7fffffff);
const CASES = Number(process.env.QUERY_CASES ?? 2000);
const PER_COLLECTION = 250;

const INSTANTS = ['startTime', 'endTime'] as const;

/** What the schema makes of a filter's instants and enums, which come as texts. */
function parsed(filter: object): ExperimentFilter {
  const copy = { ...filter } as Record<string, unknown>;
  for (const name of INSTANTS) {
    const range = copy[name] as Record<string, string> | undefined | null;
    if (range) copy[name] = Object.fromEntries(Object.entries(range).map(([key, text]) => [key, new Date(text)]));
  }
  copy.status &&= (copy.status as (keyof typeof ExperimentStatus)[]).map((name) => ExperimentStatus[name]);
  for (const name of ['and', 'or']) copy[name] &&= (copy[name] as object[]).map(parsed);
  copy.not &&= parsed(copy.not);
  return copy;
}

describe('filters judged in the process', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.drop());

  it(
    'find what the database finds, and what the model does',
    async () => {
      const random = new Random(SEED);
      const collection = test.database.collections.experiments;
      let telling = 0;
      for (let done = 0; done < CASES; done += PER_COLLECTION) {
        const now = new Date();
        await collection.deleteMany({});
        await collection.insertMany(randomExperiments(random, 40, now));
        // As a change stream brings them: read by the driver.
        const documents: Document[] = await collection.find().sort({ _id: 1 }).toArray();
        for (let i = 0; i < PER_COLLECTION; i++) {
          const filter = randomExperimentFilter(random, documents);
          const compiled = experimentFilter(parsed(filter), new LivenessAt(now, 5 * 60_000));
          const matches = matcherOf(compiled);
          const found = documents.filter(matches).map(({ _id }) => String(_id));
          const expected = documents.filter((one) => isExperimentUnder(one, filter, now)).map(({ _id }) => String(_id));
          const what = `SEED=${SEED} ${JSON.stringify(filter)} ${JSON.stringify(compiled)}`;
          expect([what, found]).toEqual([what, expected]);
          if (i % 10 === 0) {
            const stored = await collection
              .find(compiled, { projection: { _id: 1 } })
              .sort({ _id: 1 })
              .toArray();
            expect([what, found]).toEqual([what, stored.map(({ _id }) => String(_id))]);
          }
          if (found.length > 0 && found.length < documents.length) telling++;
        }
      }
      expect(telling).toBeGreaterThan(CASES / 3);
    },
    60_000 + CASES * 50,
  );

  it('refuse an operator that filters are not known to use', () => {
    expect(() => matcherOf({ tags: { $size: 3 } })).toThrow('$size');
  });
});
