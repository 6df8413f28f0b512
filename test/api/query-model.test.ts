import type { Document } from 'mongodb';
import { Random } from '../embedded/random';
import { startServer, type TestServer } from '../kit/server';
import {
  isExperimentUnder,
  isSubjectUnder,
  type ExperimentInput,
  type SubjectFilterInput,
} from './query-model/filters';
import { inOrder, type OrderInput } from './query-model/orders';
import { randomExperiments, randomSubjects } from './query-model/random-documents';
import {
  randomExperimentFilter,
  randomExperimentOrder,
  randomSubjectFilter,
  randomSubjectOrder,
} from './query-model/random-queries';

/**
 * Random filters and orders over random documents, answered by the server and by a model in memory, page by page in
 * either direction. A failure names its seed: SEED=n repeats the run, QUERY_CASES=n makes it longer.
 */

const SEED = Number(process.env.SEED ?? Date.now() % 0x7fffffff);
const CASES = Number(process.env.QUERY_CASES ?? 2000);
/** Queries that are asked for in one request, page after page. */
const TOGETHER = 12;
/** Queries to one set of documents. */
const PER_COLLECTION = 250;

interface Case {
  filter: ExperimentInput | SubjectFilterInput;
  orderBy: OrderInput[];
  backward: boolean;
  size: number;
  expected: string[];
  found: string[];
  cursor: string | null;
  faults: string[];
}

interface Page {
  totalCount?: number;
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const LISTS = {
  experiments: { filter: 'ExperimentFilter', order: 'ExperimentOrder' },
  subjects: { filter: 'SubjectFilter', order: 'SubjectOrder' },
} as const;

type ListName = keyof typeof LISTS;

/** One request for the next page of each case; the first page asks for the count, too. */
async function askForPages(
  server: TestServer,
  list: ListName,
  cases: readonly Case[],
  first: boolean,
): Promise<Page[]> {
  const { filter, order } = LISTS[list];
  const definitions = cases.map((_, i) => `$f${i}: ${filter}, $o${i}: [${order}!], $n${i}: Int, $c${i}: String`);
  const fields = cases.map(({ backward }, i) => {
    const place = backward ? `last: $n${i}, before: $c${i}` : `first: $n${i}, after: $c${i}`;
    const page = `${first ? 'totalCount ' : ''}nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;
    return `q${i}: ${list}(filter: $f${i}, orderBy: $o${i}, ${place}) { ${page} }`;
  });
  const variables = Object.fromEntries(
    cases.flatMap(({ filter: f, orderBy, size, cursor }, i) => [
      [`f${i}`, f],
      [`o${i}`, orderBy],
      [`n${i}`, size],
      [`c${i}`, cursor],
    ]),
  );
  const { data, errors } = await server.query<Record<string, Page> | null>(
    `query (${definitions.join(', ')}) { ${fields.join('\n')} }`,
    variables,
  );
  for (const error of errors ?? []) {
    cases[Number(String(error.path?.[0] ?? 'q0').slice(1))]!.faults.push(error.message);
  }
  return cases.map((_, i) => data?.[`q${i}`] ?? { nodes: [], pageInfo: NO_PAGE });
}

const NO_PAGE = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };

/** Reads cases to their ends, and notes what is not as expected. */
async function readAll(server: TestServer, list: ListName, cases: Case[]): Promise<void> {
  for (let open = cases, first = true; open.length > 0; first = false) {
    const pages = await askForPages(server, list, open, first);
    open = open.filter((one, index) => {
      const { nodes, pageInfo, totalCount } = pages[index]!;
      const ids = nodes.map(({ id }) => id);
      if (one.backward) one.found.unshift(...ids);
      else one.found.push(...ids);
      if (first && totalCount !== one.expected.length) one.faults.push(`totalCount ${totalCount}`);
      const [goesOn, came] = one.backward
        ? [pageInfo.hasPreviousPage, pageInfo.hasNextPage]
        : [pageInfo.hasNextPage, pageInfo.hasPreviousPage];
      if (came === first) one.faults.push('the page does not know what lies behind it');
      if (goesOn !== one.found.length < one.expected.length) one.faults.push(`goes on: ${goesOn}`);
      if (goesOn && ids.length !== one.size) one.faults.push(`a page of ${ids.length} in place of ${one.size}`);
      one.cursor = one.backward ? pageInfo.startCursor : pageInfo.endCursor;
      return one.faults.length === 0 && goesOn;
    });
  }
}

const REPORTS: Record<ListName, string> = {
  experiments: `
    facets: experimentFacets(filter: $filter) {
      total byStatus { value count } byChallenge { value } byModel { value count } byTag { value } byLiveness { value count }
    }
    trainingTimeByModel(filter: $filter) { modelName averageHours totalHours experimentCount }
    explainExperiments(filter: $filter) { stage raw }
    bestPerChallenge { challenge experimentCount experiment { id } }
    bestExperiments(challenge: 1, metric: "val.loss") { id metrics { values } }
    compareExperiments(ids: $ids) { configDiff { path values } metricDiff { path values } }`,
  subjects: `
    facets: subjectFacets(filter: $filter) {
      total byRelease { value } bySex { value count } byChallenge1Split { value count } ageHistogram { from count }
    }`,
};

/** Asks for everything but lists under a filter: nothing that is stored may break it, and it counts what the model does. */
async function askForReports(server: TestServer, list: ListName, one: Case, ids: readonly string[]): Promise<void> {
  const isExperiments = list === 'experiments';
  const { data, errors } = await server.query<{ facets: Record<string, { count: number }[]> & { total: number } }>(
    `query ($filter: ${LISTS[list].filter}${isExperiments ? ', $ids: [ID!]!' : ''}) { ${REPORTS[list]} }`,
    { filter: one.filter, ...(isExperiments ? { ids } : {}) },
  );
  one.faults.push(...(errors ?? []).map(({ message }) => message));
  if (one.faults.length > 0) return;
  const { facets } = data;
  if (facets.total !== one.expected.length) one.faults.push(`facets of ${facets.total}`);
  for (const name of isExperiments ? ['byStatus', 'byModel', 'byLiveness'] : ['bySex', 'byChallenge1Split']) {
    const sum = facets[name]!.reduce((before, { count }) => before + count, 0);
    if (sum !== facets.total) one.faults.push(`${name} counts ${sum}`);
  }
}

/** The first case that is wrong, in words. */
function wrong(cases: readonly Case[]): string | undefined {
  const one = cases.find(({ faults, found, expected }) => faults.length > 0 || found.join() !== expected.join());
  if (!one) return undefined;
  const { filter, orderBy, backward, size, expected, found, faults } = one;
  const request = JSON.stringify({ filter, orderBy, [backward ? 'last' : 'first']: size });
  return `SEED=${SEED}: ${request}\n${faults.join('; ')}\nexpected ${expected.join()}\nfound    ${found.join()}`;
}

describe('random filters and orders', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  async function run(
    list: ListName,
    random: Random,
    documents: readonly Document[],
    isUnder: (document: Document, filter: object) => boolean,
    makeFilter: () => object,
    makeOrder: () => OrderInput[],
    count: number,
    now: Date,
  ): Promise<number> {
    const collection = server.stores.database.collections[list];
    await collection.deleteMany({});
    await collection.insertMany(documents.map((document) => ({ ...document })));
    // Twenty at most, and no ids of other programs, which can't be asked for.
    const objectIds = documents
      .map(({ _id }) => _id as unknown)
      .filter((id) => typeof id === 'object')
      .slice(0, 20)
      .map(String);
    let matched = 0;
    for (let done = 0; done < count; done += TOGETHER) {
      const cases = Array.from({ length: Math.min(TOGETHER, count - done) }, (): Case => {
        const filter = makeFilter();
        const orderBy = makeOrder();
        const expected = inOrder(
          documents.filter((document) => isUnder(document, filter)),
          orderBy,
          now,
        ).map(({ _id }) => String(_id));
        const size = Math.max(1, Math.ceil(expected.length / (1 + random.below(4))) + random.below(2));
        return { filter, orderBy, backward: random.chance(0.5), size, expected, found: [], cursor: null, faults: [] };
      });
      await readAll(server, list, cases);
      await askForReports(server, list, cases[0]!, objectIds);
      expect(wrong(cases)).toBeUndefined();
      matched += cases.filter(({ expected }) => expected.length > 0 && expected.length < documents.length).length;
    }
    return matched;
  }

  it(
    `find ${CASES / 2} lists of experiments`,
    async () => {
      const random = new Random(SEED);
      let [matched, done] = [0, 0];
      for (; done < CASES / 2; done += PER_COLLECTION) {
        const now = new Date();
        const documents = randomExperiments(random, 40, now);
        matched += await run(
          'experiments',
          random,
          documents,
          (document, filter) => isExperimentUnder(document, filter, now),
          () => randomExperimentFilter(random, documents),
          () => randomExperimentOrder(random),
          PER_COLLECTION,
          now,
        );
      }
      // Most filters tell the documents apart, or the test says nothing.
      expect(matched).toBeGreaterThan(done / 3);
    },
    60_000 + CASES * 50,
  );

  it(
    `find ${CASES / 2} lists of subjects`,
    async () => {
      const random = new Random(SEED + 1);
      let [matched, done] = [0, 0];
      for (; done < CASES / 2; done += PER_COLLECTION) {
        const documents = randomSubjects(random, 40);
        const listed = documents.filter(({ subject_id: id }) => typeof id === 'string');
        matched += await run(
          'subjects',
          random,
          documents,
          (document, filter) => listed.includes(document) && isSubjectUnder(document, filter),
          () => randomSubjectFilter(random, documents),
          () => randomSubjectOrder(random),
          PER_COLLECTION,
          new Date(),
        );
      }
      expect(matched).toBeGreaterThan(done / 3);
    },
    60_000 + CASES * 50,
  );
});
