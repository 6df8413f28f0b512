import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { CreateExperimentInput } from '../../types/inputs/CreateExperimentInput';
import type { EpochInput } from '../../types/inputs/EpochInput';
import type { SaveCheckpointInput } from '../../types/inputs/SaveCheckpointInput';
import { derivedId } from '../import/derived-ids';
import { drawLosses, type CurveShape } from './curves';
import type { Draws } from './draws';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** How a run of the demo comes to its end. */
type Ending = 'completes' | 'diverges' | 'runs out of memory' | 'is stopped' | 'falls silent';

/** A run of the demo with what belongs to it. */
export interface DemoRun {
  experiment: CreateExperimentInput & { id: string };
  epochs: EpochInput[];
  checkpoints: (SaveCheckpointInput & { id: string })[];
  lastSeenAt: Date;
  /** Of a run that has fallen silent. */
  lastHeartbeatAt?: Date;
}

interface Model {
  name: string;
  architecture: string;
  parameters: number;
  /** What it reaches on challenge 1 and 2, as a normalized loss. */
  floors: readonly [number, number];
  secondsPerEpoch: number;
}

const MODELS: readonly Model[] = [
  { name: 'EEGNeX', architecture: 'convolutional', parameters: 61_841, floors: [0.92, 0.978], secondsPerEpoch: 210 },
  { name: 'EEGNet', architecture: 'convolutional', parameters: 3_090, floors: [0.95, 0.989], secondsPerEpoch: 95 },
  {
    name: 'ShallowFBCSP',
    architecture: 'convolutional',
    parameters: 47_304,
    floors: [0.96, 0.992],
    secondsPerEpoch: 120,
  },
  { name: 'ATCNet', architecture: 'attention', parameters: 113_732, floors: [0.93, 0.981], secondsPerEpoch: 340 },
  {
    name: 'EEGConformer',
    architecture: 'transformer',
    parameters: 789_572,
    floors: [0.91, 0.974],
    secondsPerEpoch: 620,
  },
  { name: 'LaBraM', architecture: 'transformer', parameters: 5_818_304, floors: [0.89, 0.968], secondsPerEpoch: 1_450 },
];
const PEOPLE = ['amara', 'jonas', 'mei', 'priya', 'tomasz'];
const HOSTS = ['gpu-a100-1', 'gpu-a100-2', 'gpu-rtx-3', 'workstation-7'];
const ENDINGS: readonly (readonly [Ending, number])[] = [
  ['completes', 0.7],
  ['diverges', 0.1],
  ['runs out of memory', 0.07],
  ['is stopped', 0.13],
];

/** How many runs there are, and over how many days before the end of the story they start. */
export const RUNS = 56;
const DAYS = 42;
/** No run takes longer than the days in which so many start. */
const LAST = 6;
const SILENT = new Set([RUNS - 4, RUNS - 1]);

/** The runs of the demo, oldest first; the same draws and the same moment give the same runs. */
export function* drawRuns(draws: Draws, asOf: Date): Generator<DemoRun> {
  const done: DemoRun[] = [];
  for (let number = 0; number < RUNS; number++) {
    const ago = DAYS * DAY_MS * (1 - number / RUNS) + draws.below(6 * 60) * MINUTE_MS + 8 * 60 * MINUTE_MS;
    const start = new Date(asOf.getTime() - ago);
    // The last runs continue none: one of them may have to begin earlier, to have ended by now.
    const ended = number < RUNS - LAST ? done.filter(({ lastSeenAt }) => lastSeenAt < start).slice(-12) : [];
    const parent = ended.length > 5 && draws.chance(0.3) ? draws.of(ended) : undefined;
    const ending = SILENT.has(number) ? 'falls silent' : drawEnding(draws);
    const run = drawRun(draws, number, start, asOf, ending, parent);
    if (run.experiment.status === ExperimentStatus.COMPLETED) done.push(run);
    yield run;
  }
}

function drawEnding(draws: Draws): Ending {
  let left = draws.next();
  for (const [ending, share] of ENDINGS) if ((left -= share) < 0) return ending;
  return 'completes';
}

function drawRun(
  draws: Draws,
  number: number,
  start: Date,
  asOf: Date,
  ending: Ending,
  parent: DemoRun | undefined,
): DemoRun {
  const before = parent?.experiment;
  const model = before ? MODELS.find(({ name }) => name === before.model!.name)! : draws.favouring(MODELS);
  const challenge = (before?.challenge as 1 | 2 | undefined) ?? (draws.chance(0.45) ? 1 : 2);
  const learningRate = ending === 'diverges' ? 0.05 : draws.of([0.0005, 0.001, 0.002, 0.003]) * (before ? 0.2 : 1);
  const epochsPlanned = draws.of([40, 60, 80, 100, 120]);
  const patience = draws.of([10, 12, 15]);
  const floor = model.floors[challenge - 1]! * Math.exp(draws.normal(0, 0.006)) * (before ? 0.992 : 1);
  const shape: CurveShape = {
    epochs: ending === 'is stopped' ? 8 + draws.below(20) : epochsPlanned,
    start: before ? floor * 1.06 : 1.25 + draws.next() * 0.4,
    floor,
    decay: 0.88 + draws.next() * 0.08,
    noise: 0.004 + draws.next() * 0.006,
    overfitting: 0.05 + draws.next() * 0.4,
    ...(ending === 'diverges' ? { divergesAt: 4 + draws.below(12) } : {}),
    ...(ending === 'completes' ? { patience } : {}),
  };
  let losses = drawLosses(draws, shape);
  if (ending === 'runs out of memory') losses = losses.slice(0, 1 + draws.below(4));
  const seconds = model.secondsPerEpoch * (0.85 + draws.next() * 0.3);
  // A run that has fallen silent did so some hours before the end of the story.
  const silentSince = new Date(asOf.getTime() - (3 + draws.below(5)) * 60 * MINUTE_MS);
  if (ending === 'falls silent') losses = losses.slice(0, 18);
  const by = ending === 'falls silent' ? silentSince.getTime() : asOf.getTime() - 60 * MINUTE_MS;
  const latest = by - losses.length * seconds * 1100;
  const begin = ending === 'falls silent' ? new Date(latest) : new Date(Math.min(start.getTime(), latest));

  const id = derivedId(['demo', 'run', number], begin.getTime());
  const releases = draws.of([['R1'], ['R1', 'R2'], ['R2', 'R3'], ['R1', 'R2', 'R3']]);
  const name = `${model.name.toLowerCase()}_c${challenge}_${begin.toISOString().slice(0, 10).replaceAll('-', '')}_${String(number + 1).padStart(2, '0')}`;
  const epochs = drawEpochs(draws, losses, begin, seconds, learningRate);
  const last = epochs.at(-1)!.timestamp!;
  const end = new Date(last.getTime() + 40_000);
  const status = STATUS[ending];
  const isSilent = ending === 'falls silent';
  return {
    experiment: {
      id,
      name,
      challenge,
      status,
      model: { name: model.name, architecture: model.architecture, parameters: model.parameters, version: '1.0' },
      config: {
        batch_size: draws.of([64, 128, 256]),
        max_epochs: epochsPlanned,
        learning_rate: learningRate,
        optimizer: draws.of(['AdamW', 'Adamax', 'SGD']),
        loss: draws.of(['L1', 'MSE', 'Huber']),
        patience,
        crop_size: 2.5,
        num_workers: 4,
        prefetch_factor: 2,
        persistent_workers: true,
        amp: draws.chance(0.6),
        device: 'cuda:0',
        scheduler: 'ReduceLROnPlateau',
        seed: draws.below(10_000),
      },
      dataset: {
        releases,
        train_windows: 41_900 * releases.length + draws.below(900),
        val_windows: 9_800 * releases.length + draws.below(300),
        cache_files: releases.map((release) => `cache/challenge${challenge}_${release}_windows.h5`),
      },
      metrics: isSilent ? new Map() : new Map([['training_time_hours', (epochs.length * seconds) / 3600]]),
      startTime: begin,
      ...(isSilent ? {} : { endTime: end }),
      createdBy: draws.of(PEOPLE),
      hostname: draws.of(HOSTS),
      tags: [
        'demo',
        ...(before ? ['fine-tuning'] : []),
        ...(draws.chance(0.3) ? ['sweep'] : draws.chance(0.3) ? ['baseline'] : []),
      ],
      note: noteOf(ending, losses.length),
      ...(before ? { parentExperimentId: before.id } : {}),
      checkpointDir: `checkpoints/${name}/`,
    },
    epochs,
    checkpoints: drawCheckpoints(id, name, epochs),
    lastSeenAt: isSilent ? last : end,
    ...(isSilent ? { lastHeartbeatAt: silentSince } : {}),
  };
}

const STATUS: Record<Ending, ExperimentStatus> = {
  completes: ExperimentStatus.COMPLETED,
  diverges: ExperimentStatus.FAILED,
  'runs out of memory': ExperimentStatus.FAILED,
  'is stopped': ExperimentStatus.STOPPED,
  'falls silent': ExperimentStatus.RUNNING,
};

function noteOf(ending: Ending, epochs: number): string {
  switch (ending) {
    case 'completes':
      return 'Demo data.';
    case 'diverges':
      return `Demo data. The loss became NaN before epoch ${epochs}: the learning rate was too high.`;
    case 'runs out of memory':
      return `Demo data. CUDA out of memory in epoch ${epochs}.`;
    case 'is stopped':
      return 'Demo data. Stopped by hand to free the GPU.';
    case 'falls silent':
      return 'Demo data. Its machine went away in the middle of the run.';
  }
}

function drawEpochs(
  draws: Draws,
  losses: ReturnType<typeof drawLosses>,
  start: Date,
  seconds: number,
  learningRate: number,
): EpochInput[] {
  let time = start.getTime();
  let rate = learningRate;
  let best = { epoch: 0, loss: Infinity };
  return losses.map(({ trainLoss, valLoss }, epoch) => {
    if (valLoss < best.loss) best = { epoch, loss: valLoss };
    else if (epoch - best.epoch > 0 && (epoch - best.epoch) % 5 === 0) rate *= 0.5;
    const duration = seconds * Math.exp(draws.normal(0, 0.03));
    const epochStart = new Date(time);
    time += duration * 1000;
    const epochEnd = new Date(time);
    return {
      epoch,
      metrics: new Map([
        ['train_loss', trainLoss],
        ['val_loss', valLoss],
        ['learning_rate', rate],
        ['val_mae', valLoss * 0.79],
        ['val_rmse', valLoss * 1.02],
        ['val_r2', 1 - valLoss ** 2],
        ['grad.norm', trainLoss * (2 + draws.next())],
      ]),
      timing: { durationSeconds: duration, samplesPerSecond: 42_000 / duration, epochStart, epochEnd },
      memory: {
        gpuAllocatedMb: 6_200 + Math.round(draws.normal(0, 40)),
        gpuCachedMb: 7_400,
        cpuRssMb: 5_100 + epoch * 2,
      },
      timestamp: epochEnd,
    };
  });
}

/** A checkpoint every ten epochs, and one of the best epoch. */
function drawCheckpoints(experimentId: string, name: string, epochs: readonly EpochInput[]): DemoRun['checkpoints'] {
  const loss = (epoch: EpochInput) => epoch.metrics.get('val_loss')!;
  const best = epochs.reduce((least, epoch) => (loss(epoch) < loss(least) ? epoch : least));
  return epochs
    .filter((epoch) => epoch === best || epoch.epoch % 10 === 9)
    .map((epoch) => {
      const path = `checkpoints/${name}/epoch-${String(epoch.epoch).padStart(3, '0')}.pt`;
      return {
        id: derivedId(['demo', 'checkpoint', experimentId, path], epoch.timestamp!.getTime()),
        experimentId,
        epoch: epoch.epoch,
        isBest: epoch === best,
        metrics: new Map([...epoch.metrics].filter(([metric]) => metric.endsWith('loss'))),
        file: { path, sizeMb: 9.8, checksum: `sha256:${derivedId(['demo', 'sum', path])}`, format: 'pytorch' },
        modelState: {
          optimizer: 'AdamW',
          scheduler: 'ReduceLROnPlateau',
          epoch: epoch.epoch,
          step: (epoch.epoch + 1) * 328,
        },
        timestamp: epoch.timestamp!,
      };
    });
}
