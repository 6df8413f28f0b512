import { ObjectId } from 'mongodb';
import { DocumentReader } from '../../src/stores/documents';
import { seedLaboratory } from '../kit/seed';
import { startServer, type TestServer } from '../kit/server';

const KINDS = ['experiment', 'epoch', 'checkpoint', 'subject'] as const;

const EVERYTHING = `{
  experiments { nodes {
    id name challenge status startTime endTime lastSeenAt createdBy hostname tags note checkpointDir legacyId
    model { name architecture parameters version all }
    config { batchSize maxEpochs learningRate optimizer loss patience persistentWorkers device all }
    dataset { releases trainWindows cacheFiles all }
    metrics { bestValLoss bestEpoch totalEpochs finalTrainLoss finalValLoss trainingTimeHours values }
    epochs { nodes {
      id epoch timestamp metrics { trainLoss valLoss valR2 values }
      timing { durationSeconds samplesPerSecond epochStart epochEnd } memory { gpuAllocatedMb gpuCachedMb cpuRssMb }
    } }
    checkpoints { nodes {
      id epoch isBest timestamp metrics { valLoss values } file { path sizeMb checksum format }
      modelState { optimizer scheduler epoch step } validation { nSamples inferenceTimeMs predictionsFile }
    } }
  } }
  subjects { nodes {
    id subjectId age sex handedness releases hasEeg hasDemographics hasPhenotypic phenotypic dateAdded lastProcessed
    eegQuality { nChannels samplingRate all } splits { challenge1 challenge2 }
  } }
}`;

describe('documents as Epochgraph stores them', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ execution: 'compiled' });
    await seedLaboratory(server, 3);
  });
  afterAll(() => server.close());
  afterEach(() => jest.restoreAllMocks());

  const reads = (): jest.SpyInstance[] => KINDS.map((kind) => jest.spyOn(DocumentReader.prototype, kind));

  test('are written without being read', async () => {
    const spies = reads();
    const { experiments, subjects } = await server.data(EVERYTHING);
    expect(experiments.nodes[0]).toMatchObject({ name: 'run 2', dataset: { releases: ['R3', 'R1'] } });
    expect(experiments.nodes[0].epochs.nodes[2].metrics.values).toEqual({ train_loss: 2 / 3, val_loss: 1 / 3 });
    expect(subjects.nodes).toHaveLength(12);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  test('are read, each alone, where one holds what does not belong there', async () => {
    const { epochs } = server.stores.database.collections;
    const experiment = await server.stores.database.collections.experiments.findOne({ experiment_name: 'run 0' });
    await epochs.insertOne({
      _id: new ObjectId(),
      experiment_id: experiment!._id,
      epoch: 3,
      metrics: [],
      timestamp: 1,
    });
    const [, epoch] = reads();
    const { experiments } = await server.data(EVERYTHING);
    expect(epoch).toHaveBeenCalledTimes(1);
    const [odd] = experiments.nodes.flatMap((run: any) => run.epochs.nodes.filter((one: any) => one.epoch === 3));
    expect(odd).toMatchObject({ metrics: { trainLoss: null, values: {} }, timing: null });
  });
});
