import { ObjectId } from 'mongodb';
import type { TestServer } from './server';

export const CREATE = `mutation ($input: CreateExperimentInput!) {
  createExperiment(input: $input) { outcome experiment { id } }
}`;
export const LOG_EPOCHS = `mutation ($input: LogEpochsInput!) {
  logEpochs(input: $input) { created replaced unchanged errors { index code message } }
}`;
export const LOG_EPOCH = `mutation ($input: LogEpochInput!) { logEpoch(input: $input) { outcome epoch { id epoch } } }`;
export const SAVE = `mutation ($input: SaveCheckpointInput!) {
  saveCheckpoint(input: $input) { outcome checkpoint { id epoch isBest } }
}`;
export const UPSERT = `mutation ($subjects: [SubjectInput!]!) {
  upsertSubjects(subjects: $subjects) { created updated unchanged errors { index code message } }
}`;

/** An id as a client makes it. */
export function newId(): string {
  return new ObjectId().toHexString();
}

/** Creates an experiment and gives its id. */
export async function createExperiment(server: TestServer, input: Record<string, unknown> = {}): Promise<string> {
  const { createExperiment: payload } = await server.data(CREATE, { input: { name: 'run', ...input } });
  return payload.experiment.id as string;
}

/** Logs epochs 0 to count - 1 with a falling val_loss, 1 / (epoch + 1). */
export async function logEpochs(server: TestServer, experimentId: string, count: number): Promise<void> {
  const epochs = Array.from({ length: count }, (_, epoch) => ({
    epoch,
    metrics: { train_loss: 2 / (epoch + 1), val_loss: 1 / (epoch + 1) },
  }));
  const { logEpochs: payload } = await server.data(LOG_EPOCHS, { input: { experimentId, epochs } });
  if (payload.created !== count) throw new Error(JSON.stringify(payload));
}

/** Saves a checkpoint of an epoch. */
export async function saveCheckpoint(
  server: TestServer,
  experimentId: string,
  epoch: number,
  input: Record<string, unknown> = {},
): Promise<string> {
  const file = { path: `checkpoints/${experimentId}/${epoch}.pt` };
  const { saveCheckpoint: payload } = await server.data(SAVE, { input: { experimentId, epoch, file, ...input } });
  return payload.checkpoint.id as string;
}

/** A laboratory of `size` experiments: each has a parent, epochs, checkpoints, and releases of some subjects. */
export async function seedLaboratory(server: TestServer, size: number): Promise<string[]> {
  const subjects = Array.from({ length: 12 }, (_, index) => ({
    subjectId: `sub-${String(index).padStart(3, '0')}`,
    releases: [`R${(index % 3) + 1}`],
    splits: { challenge1: 'TRAIN', challenge2: 'VAL' },
  }));
  await server.data(UPSERT, { subjects });
  const root = await createExperiment(server, { name: 'root', startTime: '2025-01-01T00:00:00Z' });
  const ids: string[] = [];
  for (let index = 0; index < size; index++) {
    const id = await createExperiment(server, {
      name: `run ${index}`,
      challenge: (index % 2) + 1,
      parentExperimentId: index === 0 ? root : ids[index - 1],
      dataset: { releases: [`R${(index % 3) + 1}`, `R${((index + 1) % 3) + 1}`] },
      startTime: new Date(Date.UTC(2025, 1, 1) + index * 60_000).toISOString(),
    });
    await logEpochs(server, id, 3);
    await saveCheckpoint(server, id, 1);
    await saveCheckpoint(server, id, 2, { isBest: true });
    ids.push(id);
  }
  return ids;
}
