import { CREATE, LOG_EPOCHS, SAVE, UPSERT } from '../kit/seed';

/** Runs a document against a server; throws where there are errors. */
export type Send = <T = any>(document: string, variables?: Record<string, unknown>) => Promise<T>;

/** The same numbers every time, evenly between 0 and 1. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const MODELS = [
  { name: 'EEGNeX', architecture: 'cnn', parameters: 65_400 },
  { name: 'Deep4Net', architecture: 'cnn', parameters: 282_004 },
  { name: 'EEGConformer', architecture: 'transformer', parameters: 789_572 },
  { name: 'TCN', architecture: 'tcn', parameters: 456_220 },
  { name: 'BIOT', architecture: 'transformer', parameters: 3_187_204 },
];
const TAGS = ['baseline', 'augmented', 'ssl-pretrained', 'sweep', 'r-all', 'ablation'];
const STATUS = mutationOf('updateExperimentStatus', 'UpdateExperimentStatusInput');

function mutationOf(name: string, input: string): string {
  return `mutation ($input: ${input}!) { ${name}(input: $input) { experiment { id } } }`;
}

/** One made-up curve: falls, then overfits from `turn` on; diverges to NaN at `diverge`. */
function epochsOf(random: () => number, count: number, options: { floor: number; turn: number; diverge?: number }) {
  const noise = (): number => (random() - 0.5) * 0.03;
  return Array.from({ length: count }, (_, epoch) => {
    const fall = Math.exp(-epoch / (count / 6));
    const over = Math.max(0, epoch - options.turn) / count;
    const isLost = options.diverge !== undefined && epoch >= options.diverge;
    const train = isLost ? 'NaN' : options.floor * 0.8 + fall * 0.7 - over * 0.12 + noise() * 0.6;
    const val = isLost ? 'NaN' : options.floor + fall * 0.55 + over * over * 0.9 + noise();
    const mae = typeof val === 'number' ? val * 0.78 : 'NaN';
    return {
      epoch,
      metrics: {
        train_loss: train,
        val_loss: val,
        learning_rate: 0.002 * 0.5 * (1 + Math.cos((Math.PI * epoch) / count)) + 1e-6,
        val_mae: mae,
        val_r2: typeof val === 'number' ? 1 - val / 1.02 : 'NaN',
        grad_norm: isLost ? 'Infinity' : 0.4 + 2 * fall + noise(),
      },
      timing: { durationSeconds: 38 + random() * 8, samplesPerSecond: 1_180 + random() * 90 },
      memory: { gpuAllocatedMb: 5_120 + random() * 40, cpuRssMb: 9_300 + random() * 200 },
    };
  });
}

/** What `seedLaboratory` made. */
export interface Laboratory {
  /** All runs, oldest first. */
  runs: string[];
  /** A run with a parent, children, checkpoints and a note. */
  main: string;
  /** A run whose losses became NaN. */
  diverged: string;
  /** Runs that say they run. */
  running: string[];
}

/** A laboratory such as a dashboard meets: two challenges, five models, runs in every state, and 400 subjects. */
export async function seedLaboratory(send: Send, { size = 48, now = Date.now() } = {}): Promise<Laboratory> {
  const random = randomFrom(7);
  await seedSubjects(send, random);
  const runs: string[] = [];
  const running: string[] = [];
  let main = '';
  let diverged = '';
  for (let index = 0; index < size; index++) {
    const model = MODELS[index % MODELS.length]!;
    const challenge = index % 3 === 2 ? 2 : 1;
    const isRunning = index >= size - 3;
    const isMain = index === size - 6;
    const isDiverged = index === size - 5;
    const started = now - (size - index) * 7.3 * 3_600_000;
    const count = isRunning ? 30 + index : isMain ? 120 : 24 + Math.floor(random() * 90);
    const parent = isMain || index === size - 4 ? (isMain ? runs[size - 12] : main) : undefined;
    const rate = [0.002, 0.001, 0.0005][index % 3]!;
    const { createExperiment } = await send(CREATE, {
      input: {
        name: `${model.name.toLowerCase()}_${challenge === 1 ? 'rt' : 'ext'}_${String(index + 1).padStart(3, '0')}`,
        challenge,
        model: { ...model, version: 'v2' },
        config: {
          batch_size: [16, 32, 64][index % 3],
          max_epochs: Math.ceil((count * (isRunning ? 2.4 : 1)) / 10) * 10,
          learning_rate: rate,
          optimizer: index % 4 === 0 ? 'SGD' : 'AdamW',
          loss: 'L1',
          patience: 20,
          crop_size: 2,
          num_workers: 8,
          amp: index % 2 === 0,
          device: 'cuda:0',
          scheduler: { name: 'cosine', gamma: 0.9 },
          seed: index,
        },
        dataset: {
          releases: index % 2 ? ['R1', 'R2', 'R3'] : ['R1', 'R2'],
          train_windows: 184_320 + index * 512,
          val_windows: 23_040,
          cache_files: ['cache/hbn_r1_2s_100hz.h5', 'cache/hbn_r2_2s_100hz.h5'],
        },
        startTime: new Date(started).toISOString(),
        createdBy: ['aru', 'mika', 'jonas'][index % 3],
        hostname: index % 2 ? 'gpu-01' : 'gpu-02',
        tags: [TAGS[index % TAGS.length]!, ...(index % 4 === 0 ? ['sweep'] : [])].filter(
          (tag, at, all) => all.indexOf(tag) === at,
        ),
        ...(parent ? { parentExperimentId: parent } : {}),
        ...(isMain
          ? { note: 'Warm start from the SSL encoder. Overfits after epoch 70; the cosine schedule may be too long.' }
          : {}),
        checkpointDir: `/data/checkpoints/run_${index + 1}`,
      },
    });
    const id = createExperiment.experiment.id as string;
    runs.push(id);
    const epochs = epochsOf(random, count, {
      floor: 0.28 + random() * 0.4 + (challenge === 2 ? 0.3 : 0),
      turn: count * 0.6,
      ...(isDiverged ? { diverge: Math.floor(count * 0.45) } : {}),
    });
    await send(LOG_EPOCHS, { input: { experimentId: id, epochs } });
    await seedCheckpoints(send, id, index, epochs);
    if (isMain) main = id;
    if (isDiverged) diverged = id;
    if (isRunning) running.push(id);
    else {
      const status = isDiverged ? 'FAILED' : index % 11 === 5 ? 'STOPPED' : index % 13 === 7 ? 'FAILED' : 'COMPLETED';
      const endTime = new Date(started + count * 42_000).toISOString();
      await send(STATUS, { input: { experimentId: id, status, endTime } });
    }
  }
  for (const id of running.slice(1)) {
    await send('mutation ($id: ID!) { heartbeat(experimentId: $id) { experiment { id } } }', { id });
  }
  return { runs, main, diverged, running };
}

async function seedCheckpoints(
  send: Send,
  experimentId: string,
  index: number,
  epochs: ReturnType<typeof epochsOf>,
): Promise<void> {
  let best = Infinity;
  let last = -10;
  for (const { epoch, metrics } of epochs) {
    const loss = metrics.val_loss;
    if (typeof loss !== 'number' || loss >= best || epoch < last + 8) continue;
    best = loss;
    last = epoch;
    const path = `/data/checkpoints/run_${index + 1}/epoch_${String(epoch).padStart(4, '0')}.pt`;
    const file = { path, sizeMb: 12.4, checksum: 'sha256:9f86d081884c7d65', format: 'pytorch' };
    await send(SAVE, { input: { experimentId, epoch, isBest: true, metrics: { val_loss: loss }, file } });
  }
}

async function seedSubjects(send: Send, random: () => number): Promise<void> {
  const subjects = Array.from({ length: 400 }, (_, index) => {
    const split = index % 10 < 7 ? 'TRAIN' : index % 10 < 9 ? 'VAL' : 'TEST';
    return {
      subjectId: `NDAR${String(100_000 + index * 37)}`,
      age: Math.round((5 + 16 * random() ** 1.6) * 100) / 100,
      sex: random() < 0.64 ? 'M' : 'F',
      handedness: random() < 0.84 ? 'R' : random() < 0.6 ? 'L' : 'A',
      releases: index % 9 === 0 ? ['R1', 'R2'] : [`R${1 + (index % 4)}`],
      hasEeg: index % 12 !== 0,
      hasPhenotypic: index % 5 !== 0,
      phenotypic: { p_factor: random() * 3 - 1.5, externalizing: random() * 3 - 1.5, attention: random() * 3 - 1.5 },
      eegQuality: { n_channels: 129, sampling_rate: 500, artifact_ratio: random() * 0.2 },
      splits: { challenge1: split, challenge2: index % 2 ? split : 'TRAIN' },
    };
  });
  await send(UPSERT, { subjects });
}
