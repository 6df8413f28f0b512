import { createExperiment, UPSERT } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const WHOLE = `id subjectId age sex handedness releases hasEeg hasDemographics hasPhenotypic phenotypic
  eegQuality { nChannels samplingRate durationSeconds artifactRatio all } splits { challenge1 challenge2 } dateAdded lastProcessed`;

const SUBJECT = {
  subjectId: 'sub-NDARAA075AMK',
  age: 12.5,
  sex: 'F',
  handedness: 'R',
  releases: ['R1', 'R2'],
  hasEeg: true,
  hasDemographics: true,
  hasPhenotypic: false,
  phenotypic: { adhd_score: 65, 'cbcl.a': { $x: [1, null] } },
  eegQuality: { n_channels: 128, sampling_rate: 500, artifact_ratio: 0.12, r1_windows: 38 },
  splits: { challenge1: 'TRAIN', challenge2: 'VAL' },
  dateAdded: '2025-06-15T00:00:00.000Z',
  lastProcessed: '2025-10-15T12:30:00.000Z',
};

describe('subjects', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const upsert = async (...subjects: object[]) => (await server.data(UPSERT, { subjects })).upsertSubjects;
  const get = async (subjectId: string) =>
    (await server.data(`query ($subjectId: String!) { subject(subjectId: $subjectId) { ${WHOLE} } }`, { subjectId }))
      .subject;

  it('come back whole, and a repeat changes nothing', async () => {
    expect(await upsert(SUBJECT)).toEqual({ created: 1, updated: 0, unchanged: 0, errors: [] });
    const stored = await get(SUBJECT.subjectId);
    expect(stored).toMatchObject({
      ...SUBJECT,
      eegQuality: {
        nChannels: 128,
        samplingRate: 500,
        durationSeconds: null,
        artifactRatio: 0.12,
        all: SUBJECT.eegQuality,
      },
    });
    expect(await upsert(SUBJECT)).toEqual({ created: 0, updated: 0, unchanged: 1, errors: [] });
    expect(await get(SUBJECT.subjectId)).toEqual(stored);
    const { node } = await server.data(`{ node(id: "${stored.id}") { __typename ... on Subject { subjectId } } }`);
    expect(node).toEqual({ __typename: 'Subject', subjectId: SUBJECT.subjectId });
  });

  it('keep what is left out, lose what is null, key by key', async () => {
    await upsert({ ...SUBJECT, subjectId: 's1' });
    const before = await get('s1');
    const change = {
      subjectId: 's1',
      age: null,
      phenotypic: { p_factor: 1, adhd_score: null },
      splits: { challenge2: null },
    };
    expect(await upsert(change)).toMatchObject({ updated: 1 });
    expect(await get('s1')).toEqual({
      ...before,
      age: null,
      phenotypic: { 'cbcl.a': { $x: [1, null] }, p_factor: 1 },
      splits: { challenge1: 'TRAIN', challenge2: null },
    });
    expect(await upsert(change)).toMatchObject({ unchanged: 1 });
    await upsert({ subjectId: 's1', phenotypic: null, eegQuality: null, splits: null });
    expect(await get('s1')).toMatchObject({
      phenotypic: {},
      eegQuality: null,
      splits: { challenge1: null, challenge2: null },
    });
  });

  it('are written each on its own, and what failed is listed by index', async () => {
    const result = await upsert(
      { subjectId: 'b1' },
      { subjectId: '' },
      { subjectId: 'b2', age: -1 },
      { subjectId: 'b3', eegQuality: { n_channels: 'many' } },
      { subjectId: 'b1', age: 3 },
      { subjectId: 'b1', age: 3 },
    );
    expect(result).toMatchObject({ created: 1, updated: 1, unchanged: 1 });
    expect(result.errors).toEqual(
      [
        [1, 'subjects[1].subjectId'],
        [2, 'subjects[2].age'],
        [3, 'subjects[3].eegQuality.n_channels'],
      ].map(([index, place]) => ({ index, code: 'BAD_USER_INPUT', message: expect.stringContaining(place as string) })),
    );
    expect(await get('b2')).toBeNull();
  });

  it('are created once by many callers at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) => upsert({ subjectId: 'race', age: index })),
    );
    expect(results.reduce((sum, { created }) => sum + (created as number), 0)).toBe(1);
    expect(results.flatMap(({ errors }) => errors)).toEqual([]);
    const { subjects } = server.stores.database.collections;
    expect(await subjects.countDocuments({ subject_id: 'race' })).toBe(1);
  });

  it('are linked to experiments by their releases and splits', async () => {
    await upsert(
      { subjectId: 'l1', releases: ['L1'], splits: { challenge1: 'TRAIN', challenge2: 'VAL' } },
      { subjectId: 'l2', releases: ['L1', 'L2'], splits: { challenge1: 'VAL' } },
      { subjectId: 'l3', releases: ['L3'] },
    );
    const one = await createExperiment(server, { challenge: 1, dataset: { releases: ['L1'] } });
    const both = await createExperiment(server, { challenge: 2, dataset: { releases: ['L2', 'L3'] } });
    const none = await createExperiment(server, { challenge: 3, dataset: { releases: ['L1'] } });
    const bare = await createExperiment(server);
    const subjects = async (id: string, args: string) =>
      (
        await server.data(`{ experiment(id: "${id}") { subjects(${args}) { totalCount nodes { subjectId } } } }`)
      ).experiment.subjects.nodes.map(({ subjectId }: { subjectId: string }) => subjectId);
    expect(await subjects(one, 'first: 10')).toEqual(['l1', 'l2']);
    expect(await subjects(both, 'first: 10')).toEqual(['l2', 'l3']);
    expect(await subjects(one, 'split: TRAIN')).toEqual(['l1']);
    expect(await subjects(both, 'split: VAL')).toEqual([]);
    expect(await subjects(none, 'split: TRAIN')).toEqual([]);
    expect(await subjects(bare, 'first: 10')).toEqual([]);
    const { subject } = await server.data('{ subject(subjectId: "l2") { experiments { totalCount nodes { id } } } }');
    expect(subject.experiments).toEqual({ totalCount: 3, nodes: [{ id: none }, { id: both }, { id: one }] });
  });
});
