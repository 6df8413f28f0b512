import { Double, ObjectId, type Document } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import { advanceProgress, derivedMetrics, NO_PROGRESS, type Progress } from '../../src/stores/progress';
import type { Draws } from '../../src/demo/draws';

/** When the newest experiment started; the one before it `MINUTES_APART` earlier, and so on. */
export const NEWEST_START = new Date('2025-10-20T12:00:00Z');
const MINUTES_APART = 45;

const DAY_MS = 86_400_000;

const MODELS = ['EEGNeX', 'EEGNet', 'ShallowFBCSP', 'Deep4', 'TSCeption', 'LaBraM', 'BIOT', 'EEGConformer', 'ATCNet'];
const OPTIMIZERS = ['Adamax', 'AdamW', 'SGD'];
const PEOPLE = ['kevin', 'amara', 'lucia', 'jonas', 'mei', 'tomasz', 'priya', 'noor', 'elif', 'sofia', 'hana', 'igor'];
const TAGS = ['baseline', 'cpu', 'phase1', 'ablation', 'augmented', 'pretrained', 'sweep'];
const SPLITS = ['train', 'train', 'train', 'train', 'train', 'train', 'train', 'val', 'val', 'test'];

/** Kinds of documents, told apart in the first digit of an id's random part. */
const KINDS = { experiment: 1, epoch: 2, checkpoint: 3, subject: 4 } as const;

/** The id of the n-th document of a kind: a time, the kind, the number. */
function idOf(kind: keyof typeof KINDS, number: number, time: Date): ObjectId {
  const seconds = Math.floor(time.getTime() / 1000);
  return new ObjectId(`${seconds.toString(16).padStart(8, '0')}${KINDS[kind]}${number.toString(16).padStart(15, '0')}`);
}

/** An experiment with what belongs to it. */
export interface Run {
  experiment: Document;
  epochs: Document[];
  checkpoints: Document[];
}

function drawStatus(draws: Draws): ExperimentStatus {
  const value = draws.next();
  if (value < 0.02) return ExperimentStatus.RUNNING;
  if (value < 0.08) return ExperimentStatus.FAILED;
  return value < 0.12 ? ExperimentStatus.STOPPED : ExperimentStatus.COMPLETED;
}

function drawTags(draws: Draws, place: number): string[] {
  const tags = TAGS.filter((_, index) => draws.chance(0.35 / (index + 1)));
  return draws.chance(0.3) ? [...tags, `sweep-${String(Math.floor(place / 40)).padStart(3, '0')}`] : tags;
}

/** The makers of runs share their counters, so that no two documents of a kind have one id. */
export interface Counters {
  epochs: number;
  checkpoints: number;
}

/** Where a run stands among the others. */
export interface Place {
  number: number;
  /** How many of them there are. */
  of: number;
}

/** A run with so many epochs and checkpoints, in the shape that the server stores. */
export function makeRun(
  draws: Draws,
  place: Place,
  sizes: { epochs: number; checkpoints: number },
  counters: Counters,
): Run {
  const start = new Date(NEWEST_START.getTime() - (place.of - 1 - place.number) * MINUTES_APART * 60_000);
  const experimentId = idOf('experiment', place.number, start);
  const model = draws.favouring(MODELS);
  const challenge = draws.chance(0.03) ? null : draws.chance(0.4) ? 1 : 2;
  const learningRate = draws.of([0.0005, 0.001, 0.002, 0.005]);
  const releases = [`R${draws.below(11) + 1}`, ...(draws.chance(0.4) ? ['R12'] : [])];
  const status = drawStatus(draws);
  const seconds = 20 + draws.next() * 400;

  const floor = 0.03 + draws.next() * 0.5;
  const pace = 0.02 + draws.next() * 0.2;
  let progress: Progress = NO_PROGRESS;
  let time = start.getTime();
  const epochs = Array.from({ length: sizes.epochs }, (_, epoch): Document => {
    const epochStart = new Date(time);
    const duration = seconds * (0.9 + draws.next() * 0.2);
    time += Math.round(duration * 1000);
    const trainLoss = floor * 0.8 + Math.exp(-pace * epoch) + draws.next() * 0.02;
    const valLoss = floor + Math.exp(-pace * epoch) + draws.next() * 0.05;
    const document: Document = {
      _id: idOf('epoch', counters.epochs++, new Date(time)),
      experiment_id: experimentId,
      epoch,
      metrics: {
        train_loss: new Double(trainLoss),
        val_loss: new Double(draws.chance(0.0005) ? NaN : valLoss),
        learning_rate: new Double(learningRate * 0.99 ** epoch),
        val_mae: new Double(valLoss * 0.8),
        val_rmse: new Double(valLoss * 1.2),
        val_r2: new Double(1 - valLoss),
      },
      timing: {
        duration_seconds: new Double(duration),
        samples_per_second: new Double(100_000 / duration),
        epoch_start: epochStart,
        epoch_end: new Date(time),
      },
      memory: { cpu_rss_mb: new Double(2000 + draws.below(4000)) },
      timestamp: new Date(time),
      version: 1,
    };
    progress = advanceProgress(progress, [{ before: undefined, after: document }])!;
    return document;
  });

  const ended = status !== ExperimentStatus.RUNNING;
  const name = `${model.toLowerCase()}_${releases[0]!.toLowerCase()}_${start.toISOString().slice(0, 10)}_${place.number}`;
  const experiment: Document = {
    _id: experimentId,
    experiment_name: name,
    ...(challenge === null ? {} : { challenge }),
    status,
    model: { name: model, architecture: 'convolutional', parameters: 10_000 + draws.below(5_000_000), version: '1.0' },
    config: {
      batch_size: draws.of([16, 32, 64, 128]),
      max_epochs: Math.max(20, sizes.epochs),
      learning_rate: learningRate,
      optimizer: draws.of(OPTIMIZERS),
      loss: 'L1',
      patience: 5,
      crop_size: new Double(2),
      num_workers: draws.below(8),
      amp: draws.chance(0.5),
      device: draws.chance(0.25) ? 'cpu' : 'cuda:0',
    },
    dataset: {
      releases,
      train_windows: 103_724,
      val_windows: 25_931,
      cache_files: releases.map((release) => `data/cached/challenge${challenge ?? 1}_${release}_windows.h5`),
    },
    metrics: {
      ...derivedMetrics(progress),
      ...(ended ? { training_time_hours: new Double((time - start.getTime()) / 3_600_000) } : {}),
    },
    start_time: start,
    ...(ended ? { end_time: new Date(time) } : {}),
    created_by: draws.favouring(PEOPLE),
    hostname: `gpu-${draws.below(12) + 1}`,
    tags: drawTags(draws, place.number),
    ...(draws.chance(0.2) ? { note: `Run ${place.number} of the autumn series, ${releases.join(' and ')}` } : {}),
    ...(place.number > 0 && draws.chance(0.1)
      ? {
          parent_experiment_id: idOf(
            'experiment',
            place.number - 1,
            new Date(start.getTime() - MINUTES_APART * 60_000),
          ),
        }
      : {}),
    checkpoint_dir: `checkpoints/${name}/`,
    last_seen_at: new Date(time),
    ...(draws.chance(0.5) ? { last_heartbeat_at: new Date(time) } : {}),
    progress,
  };
  return { experiment, epochs, checkpoints: checkpointsOf(experiment, epochs, sizes.checkpoints, counters) };
}

/** Checkpoints at even distances, of which the one with the lowest loss is the best. */
function checkpointsOf(experiment: Document, epochs: Document[], wanted: number, counters: Counters): Document[] {
  const count = Math.min(wanted, epochs.length);
  const saved = Array.from(
    { length: count },
    (_, index) => epochs[Math.ceil(((index + 1) * epochs.length) / count) - 1]!,
  );
  const lossOf = ({ metrics }: Document): number => (metrics as { val_loss: Double }).val_loss.value;
  const best = Math.min(...saved.map(lossOf).filter((loss) => !Number.isNaN(loss)));
  const bestAt = saved.findIndex((epoch) => lossOf(epoch) === best);
  return saved.map((epoch, index) => ({
    _id: idOf('checkpoint', counters.checkpoints++, epoch.timestamp as Date),
    experiment_id: experiment._id as ObjectId,
    epoch: epoch.epoch as number,
    is_best: index === bestAt,
    metrics: { val_loss: new Double(lossOf(epoch)) },
    file: {
      path: `${String(experiment.checkpoint_dir)}epoch-${String(epoch.epoch).padStart(4, '0')}.pt`,
      size_mb: new Double(9.8),
      format: 'pytorch',
    },
    timestamp: epoch.timestamp as Date,
  }));
}

/** The subject of this number. */
export function makeSubject(draws: Draws, number: number): Document {
  const added = new Date(NEWEST_START.getTime() - 200 * DAY_MS + number * 1000);
  const release = draws.below(11) + 1;
  return {
    _id: idOf('subject', number, added),
    subject_id: `sub-NDAR${number.toString(36).toUpperCase().padStart(8, '0')}`,
    age: new Double(5 + Math.floor(draws.next() * 17_000) / 1000),
    sex: draws.chance(0.6) ? 'M' : 'F',
    handedness: draws.of(['R', 'R', 'R', 'R', 'L', 'A']),
    releases: [`R${release}`, ...(draws.chance(0.1) ? ['R12'] : [])],
    has_eeg: draws.chance(0.95),
    has_demographics: true,
    has_phenotypic: draws.chance(0.8),
    phenotypic: {
      p_factor: new Double(draws.next() * 4 - 2),
      attention: new Double(draws.next() * 4 - 2),
      internalizing: new Double(draws.next() * 4 - 2),
      externalizing: new Double(draws.next() * 4 - 2),
    },
    eeg_quality: { n_channels: 129, sampling_rate: 500, artifact_ratio: new Double(draws.next() * 0.3) },
    splits: { challenge1_split: draws.of(SPLITS), challenge2_split: draws.of(SPLITS) },
    date_added: added,
  };
}
