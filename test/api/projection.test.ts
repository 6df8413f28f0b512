import type { Document } from 'mongodb';
import { commandsOf } from '../kit/database';
import { seedLaboratory } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

/** Every projection in a command, however deep in its pipelines, but for those that only wrap rows or pick ids. */
function projectionsIn(value: unknown): string[][] {
  if (Array.isArray(value)) return value.flatMap(projectionsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isProjection = (key === '$project' || key === 'projection') && !('row' in (inner as Document));
    const paths = isProjection ? Object.keys(inner as Document).sort() : [];
    return paths.length > 1 ? [paths] : projectionsIn(inner);
  });
}

describe('what is read of a document', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await seedLaboratory(server, 4);
  });
  afterAll(() => server.close());

  const read = async (document: string): Promise<string[][]> => {
    const commands = await commandsOf(server.stores.database.client, () => server.data(document));
    const seen = projectionsIn(commands.map(({ command }) => command)).map((paths) => JSON.stringify(paths));
    return [...new Set(seen)].map((paths) => JSON.parse(paths) as string[]).sort();
  };

  it.each([
    ['experiments { nodes { id } }', [['_id', 'start_time']]],
    ['experiments { nodes { name tags } }', [['_id', 'experiment_name', 'start_time', 'tags']]],
    [
      'experiments { edges { node { liveness } } nodes { metrics { bestValLoss __typename } } }',
      [['_id', 'last_heartbeat_at', 'last_seen_at', 'metrics.best_val_loss', 'start_time', 'status']],
    ],
    ['experiments { nodes { metrics { values bestEpoch } } }', [['_id', 'metrics', 'start_time']]],
    [
      'experiments { nodes { dataset { releases } subjects { nodes { id } } } }',
      [
        ['_id', 'challenge', 'dataset', 'start_time'],
        ['_id', 'subject_id'],
      ],
    ],
    [
      'experiments { nodes { ...some } } } fragment some on Experiment { note ... on Experiment { hostname } ',
      [['_id', 'hostname', 'note', 'start_time']],
    ],
    [
      'experiments { nodes { epochs { nodes { metrics { valLoss } checkpoints { file { path } } } } } }',
      [
        ['_id', 'epoch', 'experiment_id', 'file'],
        ['_id', 'epoch', 'experiment_id', 'metrics.val_loss'],
        ['_id', 'start_time'],
      ],
    ],
    [
      'subjects { nodes { experiments { nodes { name } } } }',
      [
        ['_id', 'experiment_name', 'start_time'],
        ['_id', 'releases', 'subject_id'],
      ],
    ],
    [
      'experiments(orderBy: [{field: BEST_VAL_LOSS}]) { nodes { name } }',
      [['_id', 'experiment_name', 'metrics.best_val_loss']],
    ],
    ['experiments(orderBy: [{configPath: "a.b"}]) { nodes { config { all } } }', [['_id', 'config']]],
  ])('follows the selection: %s', async (selection, expected) => {
    expect(await read(`{ ${selection} }`)).toEqual(expected);
  });

  it('is the union of what a batch wants, read once', async () => {
    const document = `{ experiments { nodes { checkpoints { nodes { experiment { name } a: experiment { note } } } bestCheckpoint { experiment { tags } } } } }`;
    const reads = await read(document);
    expect(reads.filter((paths) => paths.includes('experiment_name'))).toEqual([
      expect.arrayContaining(['_id', 'experiment_name', 'note']),
    ]);
    const { experiments } = await server.data(document);
    const [first] = experiments.nodes;
    expect(first.checkpoints.nodes[0]).toEqual({ experiment: { name: 'run 3' }, a: { note: null } });
    expect(first.bestCheckpoint.experiment.tags).toEqual([]);
  });
});
