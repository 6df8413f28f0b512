import { Decimal128, Double, Int32, Long, ObjectId, Timestamp, type Document } from 'mongodb';
import type { Random } from '../embedded/random';

/** Epochs and checkpoints as Epochgraph, other programs and accidents leave them. */

const NUMBERS = [0, -0, 1, 7, -3, 0.1, 0.5, 1e-7, 1e21, 1.5e300, 123456.789, 1 / 3, NaN, Infinity, -Infinity, 2 ** 53];
const TEXTS = [
  '',
  'plain',
  'quote " and \\',
  'line\nfeed\u0001',
  'Ünï \u2028',
  '\u{1F9E0} brain',
  'x'.repeat(90),
  'adam',
];
const NAMES = ['train_loss', 'val_loss', 'learning_rate', 'val_mae', 'val_rmse', 'val_r2', 'grad%2Enorm', '50%', '"q"'];
const MORE_NAMES = ['ä', '0', '17', '__x', '%5F_proto__', 'a%24', 'loss\\x'];
const DATES = [new Date(0), new Date(1_760_000_000_123), new Date(-1), new Date(253_402_300_800_000), new Date(NaN)];
const ODD: unknown[] = [
  null,
  'text',
  7,
  true,
  [],
  [1, 'x', null],
  {},
  { a: { b: [1] } },
  new Date(5),
  new ObjectId(),
  /x/,
];

function number(random: Random): unknown {
  const value = random.pick(NUMBERS);
  const forms: unknown[] = [value, value, new Double(value)];
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) forms.push(new Int32(value));
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 60) forms.push(Long.fromNumber(value));
  if (Math.abs(value) < 10) forms.push(Decimal128.fromString(String(value)));
  if (random.chance(0.05)) forms.push(Long.fromString('9007199254740995'), new Timestamp({ t: 1, i: 2 }));
  return random.pick(forms);
}

function integer(random: Random): unknown {
  const value = random.pick([0, 1, 5, 400, 2 ** 31 - 1]);
  return random.pick([new Int32(value), new Double(value), Long.fromNumber(value), 1.5, 2 ** 40]);
}

/** Sometimes nothing, and sometimes something that does not belong there. */
function perhaps(random: Random, make: () => unknown, odds: number): unknown {
  if (random.chance(odds)) return undefined;
  return random.chance(odds) ? random.pick(ODD) : make();
}

function object(random: Random, odds: number, makers: Record<string, () => unknown>): Document {
  const entries = Object.entries(makers).map(([name, make]) => [name, perhaps(random, make, odds)] as const);
  const kept = entries.filter(([, value]) => value !== undefined);
  if (random.chance(0.2)) kept.sort(() => random.next() - 0.5);
  return Object.fromEntries(kept);
}

/** How odd a document is: half of them are as they should be. */
function oddness(random: Random): number {
  return random.chance(0.5) ? 0 : 0.12;
}

function metrics(random: Random, odds: number): Document {
  const names = random.chance(0.3) ? [...NAMES, ...MORE_NAMES] : NAMES;
  return object(random, odds, Object.fromEntries(names.map((name) => [name, () => number(random)])));
}

const text = (random: Random) => () => random.pick(TEXTS);
const date = (random: Random) => () => random.pick(DATES);

/** `size` epochs of an experiment, numbered from 0; some are no epochs at all. */
export function randomEpochs(random: Random, experimentId: unknown, size: number): Document[] {
  return Array.from({ length: size }, (_, index) => {
    const quantities = (...names: string[]) => Object.fromEntries(names.map((name) => [name, () => number(random)]));
    const odds = oddness(random);
    const rest = object(random, odds, {
      metrics: () => metrics(random, odds),
      timing: () =>
        object(random, odds, {
          ...quantities('duration_seconds', 'samples_per_second'),
          epoch_start: date(random),
          epoch_end: date(random),
        }),
      memory: () => object(random, odds, quantities('gpu_allocated_mb', 'gpu_cached_mb', 'cpu_rss_mb')),
      timestamp: date(random),
      version: () => integer(random),
    });
    const epoch = random.chance(0.05) ? index + 0.5 : random.pick([index, new Double(index), Long.fromNumber(index)]);
    const _id = random.chance(0.1) ? `epoch ${String(experimentId)} ${index}` : new ObjectId();
    return { _id, experiment_id: experimentId, epoch, ...rest };
  });
}

/** `size` checkpoints of an experiment. */
export function randomCheckpoints(random: Random, experimentId: unknown, size: number): Document[] {
  return Array.from({ length: size }, (_, index) => {
    const odds = oddness(random);
    return {
      _id: new ObjectId(),
      experiment_id: experimentId,
      epoch: random.chance(0.1) ? random.pick([null, 'two', 1.5]) : index * 2,
      ...object(random, odds, {
        metrics: () => metrics(random, odds),
        file: () =>
          object(random, odds, {
            path: text(random),
            size_mb: () => number(random),
            checksum: text(random),
            format: text(random),
          }),
        model_state: () =>
          object(random, odds, {
            optimizer: text(random),
            scheduler: text(random),
            epoch: () => integer(random),
            step: () => number(random),
          }),
        validation: () =>
          object(random, odds, {
            n_samples: () => integer(random),
            inference_time_ms: () => number(random),
            predictions_file: text(random),
          }),
        timestamp: date(random),
      }),
      is_best: index === 0 ? true : random.pick([false, undefined, 'no']),
    };
  }).map(({ is_best, ...rest }) => (is_best === undefined ? rest : { ...rest, is_best }));
}
