import { getNamedType, isInterfaceType, isObjectType } from 'graphql';
import { createSchema } from '../../src/schema';
import { commandsOf } from '../kit/database';
import { seedLaboratory } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

/** One line a relation: the selection under `experiments`, and the commands that it costs beside the list's own one. */
const EXPERIMENT_RELATIONS: [string, number][] = [
  ['parent { name }', 1],
  ['children(first: 2) { nodes { id } }', 1],
  ['children(first: 2) { totalCount nodes { id } }', 2],
  ['epochs(first: 2) { nodes { epoch metrics { valLoss } } }', 1],
  ['epochs(last: 2) { edges { cursor node { epoch } } }', 1],
  ['epochs(first: 2, from: 1, to: 2) { totalCount nodes { epoch } }', 2],
  ['a: epochs(first: 1) { nodes { epoch } } b: epochs(first: 1) { nodes { epoch } }', 1],
  ['a: epochs(first: 1) { nodes { epoch } } b: epochs(first: 2) { nodes { epoch } }', 2],
  ['epoch(number: 1) { epoch }', 1],
  ['latestEpoch { epoch }', 1],
  ['epochCount', 1],
  ['epochCount epochs(first: 1) { totalCount }', 2],
  ['series(metrics: ["val_loss"], maxPoints: 2) { name values }', 1],
  ['series { name epochs values }', 1],
  ['a: series(metrics: ["val_loss"]) { name } b: series(metrics: ["train_loss"]) { name }', 2],
  ['a: series(metrics: ["val_loss"]) { values } b: series(metrics: ["val_loss"]) { epochs }', 1],
  ['checkpoints(first: 2) { nodes { epoch isBest } }', 1],
  ['checkpoints { totalCount }', 2],
  ['bestCheckpoint { epoch }', 1],
  ['subjects(first: 5) { nodes { subjectId } }', 1],
  ['subjects(first: 5, split: TRAIN) { totalCount nodes { subjectId } }', 2],
  ['epochs(first: 2) { nodes { experiment { name } } }', 2],
  ['epochs(first: 2) { nodes { checkpoints { id } } }', 2],
  ['checkpoints(first: 2) { nodes { experiment { name } } }', 2],
  ['checkpoints(first: 2) { nodes { epochRecord { epoch } } }', 2],
  ['subjects(first: 5) { nodes { experiments(first: 3) { nodes { name } } } }', 2],
  ['subjects(first: 5) { nodes { experiments(first: 3) { totalCount nodes { name } } } }', 3],
  [
    'epochs(first: 3) { nodes { checkpoints { experiment { subjects(first: 2) { nodes { subjectId } } } } } }',
    // epochs → checkpoints → experiment → subjects: one command a level.
    4,
  ],
];

describe('the number of database commands', () => {
  let server: TestServer;
  let many: string[];

  beforeAll(async () => {
    server = await startServer();
    many = await seedLaboratory(server, 100);
    for (const id of many.slice(0, 4)) {
      const input = `{experimentId: "${id}", status: COMPLETED}`;
      await server.data(`mutation { updateExperimentStatus(input: ${input}) { experiment { id } } }`);
    }
  }, 120_000);
  afterAll(() => server.close());

  const count = async (document: string): Promise<number> => {
    const commands = await commandsOf(server.stores.database.client, () => server.data(document));
    return commands.length;
  };

  it.each(EXPERIMENT_RELATIONS)('experiments { %s } costs %i beside the list', async (selection, extra) => {
    expect(many).toHaveLength(100);
    for (const first of [2, 100]) {
      expect([first, await count(`{ experiments(first: ${first}) { nodes { ${selection} } } }`)]).toEqual([
        first,
        1 + extra,
      ]);
    }
  });

  it('has a line for every relation of the schema', () => {
    const records = ['Experiment', 'Epoch', 'Checkpoint', 'Subject'];
    const lines = EXPERIMENT_RELATIONS.map(([selection]) => selection).join('\n');
    const relations = records.flatMap((name) => {
      const type = createSchema().getType(name);
      if (!isObjectType(type)) throw new Error(`${name} is no object type`);
      return Object.values(type.getFields()).filter((field) => {
        const target = getNamedType(field.type);
        const isRecord = isObjectType(target) && target.getInterfaces().some((parent) => isInterfaceType(parent));
        return isRecord || target.name.endsWith('Connection') || field.name === 'epochCount';
      });
    });
    expect(relations.length).toBeGreaterThan(12);
    for (const { name } of relations) expect(lines).toContain(name);
  });

  it('a page that reaches the end of the list costs no more', async () => {
    expect(await count('{ experiments(last: 100) { nodes { id } } }')).toBe(1);
    const { experiments } = await server.data('{ experiments(first: 99) { pageInfo { endCursor } } }');
    const rest = `experiments(first: 100, after: "${experiments.pageInfo.endCursor}")`;
    expect(await count(`{ ${rest} { nodes { id epochCount } } }`)).toBe(2);
  });

  it.each([
    ['experiments(first: 2) { nodes { id } }', 1],
    ['experiments(first: 2) { totalCount nodes { id } }', 2],
    ['subjects(first: 2) { nodes { id } }', 1],
    ['subjects(first: 2) { totalCount nodes { id experiments(first: 1) { nodes { id } } } }', 3],
    ['subject(subjectId: "sub-001") { id }', 1],
    ['bestExperiments(challenge: 1, first: 5) { id }', 1],
    // The bests, and then the two experiments.
    ['bestPerChallenge { challenge experiment { name } }', 2],
    ['trainingTimeByModel { modelName totalHours }', 1],
    ['experimentFacets { total byTag { value count } }', 1],
    ['subjectFacets { total byRelease { value count } }', 1],
    ['explainExperiments(first: 5) { stage }', 1],
    ['experiments(first: 5, orderBy: [{metric: "best_val_loss"}, {field: NAME}]) { nodes { id } }', 1],
    ['experiments(first: 2, filter: { search: "run", metrics: [{ name: "best_val_loss", lt: 1 }] }) { totalCount }', 2],
    ['subjects(first: 2, filter: { search: "1" }, orderBy: [{ phenotypic: "p" }]) { totalCount nodes { id } }', 2],
    ['bestExperiments(challenge: 1, first: 100) { id }', 1],
    ['serverInfo { version }', 0],
  ])('{ %s } costs %i', async (selection, expected) => {
    expect(await count(`{ ${selection} }`)).toBe(expected);
  });

  it('node and nodes cost one batched read of each collection', async () => {
    expect(await count(`{ node(id: "${many[0]}") { id } }`)).toBe(4);
    const ids = JSON.stringify(many);
    expect(await count(`{ nodes(ids: ${ids}) { id } }`)).toBe(4);
  });

  it('a comparison costs the same for 2 and for 20', async () => {
    for (const size of [2, 20]) {
      const ids = JSON.stringify(many.slice(0, size));
      expect(await count(`{ compareExperiments(ids: ${ids}) { configDiff { path } experiments { name } } }`)).toBe(1);
    }
  });

  it('a subject costs the same with 2 and with all 12 siblings', async () => {
    for (const first of [2, 12]) {
      const document = `{ subjects(first: ${first}) { nodes { experiments(first: 5) { totalCount nodes { epochCount } } } } }`;
      expect(await count(document)).toBe(4);
    }
  });
});
