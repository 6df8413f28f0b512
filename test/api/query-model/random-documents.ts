import { Decimal128, Double, Int32, Long, ObjectId, type Document } from 'mongodb';
import type { Random } from '../../embedded/random';
import { storedKey } from './values';

/**
 * Documents as Epochgraph, other programs and accidents leave them, made of few values, so that filters match and keys
 * tie. Filters and orders are made of the same values.
 */

export const TEXTS = [
  'EEGNeX',
  'eegnex',
  'Ünï-1',
  'ünï-2',
  'a.b',
  'a|b',
  '.*',
  '(x',
  '\\d',
  '',
  'z\nEEGNeX',
  '\uFB01\u{1F9E0}',
  '日本',
];
export const NUMBERS = [-Infinity, -2, -0.5, 0, 0.5, 1, 2, 3, 2 ** 31, 2 ** 60, Infinity];
export const LABELS = ['cpu', 'CPU', 'R1', 'R2', 'a,b', 'Ä', ''];
export const METRIC_NAMES = ['best_val_loss', 'val.loss', '50%', '$cost', 'ä', 'training_time_hours', 'none'];
export const CONFIG_PATHS = [
  ...['device', 'lr', 'scheduler', 'scheduler.gamma', 'scheduler.step.size', 'layers', 'layers.0', 'layers.size'],
  ...['a%2Eb', 'a%2Eb.c', '50%25', '$ref', 'none', 'device.x', '0'],
];
const START = Date.UTC(2025, 0, 1);
export const INSTANTS = Array.from({ length: 6 }, (_, day) => new Date(START + day * 86_400_000));
const ODD: unknown[] = [
  null,
  undefined,
  'text',
  7,
  true,
  [],
  [1, 'x'],
  {},
  { size: 1 },
  new Date(0),
  NaN,
  new ObjectId(),
  /odd/,
];

/** A number as some driver would have stored it. */
function stored(random: Random, value: number): unknown {
  const forms: unknown[] = [value, new Double(value)];
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) forms.push(new Int32(value));
  if (Number.isInteger(value)) forms.push(Long.fromNumber(value));
  if (Math.abs(value) < 10) forms.push(Decimal128.fromString(String(value)));
  return random.pick(forms);
}

function number(random: Random): unknown {
  return random.chance(0.15) ? NaN : stored(random, random.pick(NUMBERS));
}

/** One of some values; sometimes nothing, and sometimes something that does not belong there. */
function perhaps(random: Random, make: () => unknown): unknown {
  if (random.chance(0.15)) return undefined;
  return random.chance(0.15) ? random.pick(ODD) : make();
}

function some<T>(random: Random, values: readonly T[], most = 3): T[] {
  return Array.from({ length: random.below(most + 1) }, () => random.pick(values));
}

function object(entries: readonly (readonly [string, unknown])[]): Document {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A value inside config, as JSON, of a few forms that filters ask for, too. */
export function jsonValue(random: Random, depth = 0): unknown {
  const forms: (() => unknown)[] = [
    () => random.pick(TEXTS),
    () => random.pick([-0.5, 0, 1, 2, 3]),
    () => random.chance(0.5),
    () => null,
    () => some(random, [1, 2, 'x', null, [1]] as unknown[], 2),
  ];
  if (depth < 2) {
    forms.push(() =>
      object(some(random, ['gamma', 'step', 'size', 'c', '0'], 2).map((key) => [key, jsonValue(random, depth + 1)])),
    );
  }
  return random.pick(forms)();
}

/** Its stored form, in which every number may be of any type. */
function storedJson(random: Random, value: unknown): unknown {
  if (typeof value === 'number') return stored(random, value);
  if (Array.isArray(value)) return value.map((item) => storedJson(random, item));
  if (typeof value !== 'object' || value === null) return value;
  return object(Object.entries(value).map(([key, item]) => [storedKey(key), storedJson(random, item)]));
}

function config(random: Random): Document {
  const value = () =>
    storedJson(random, random.chance(0.2) ? random.pick([NaN, new Date(0), new ObjectId()]) : jsonValue(random));
  const gamma = () => storedJson(random, { gamma: jsonValue(random, 2), step: { size: random.below(4) } });
  return object([
    ['device', perhaps(random, () => random.pick(['cpu', 'cuda:0', 'EEGNeX']))],
    ['lr', perhaps(random, () => number(random))],
    ['scheduler', perhaps(random, random.chance(0.7) ? gamma : value)],
    ['layers', perhaps(random, () => (random.chance(0.5) ? [{ size: 1 }, { size: 2 }] : value()))],
    [storedKey('a.b'), perhaps(random, value)],
    [storedKey('50%'), perhaps(random, value)],
    [storedKey('$ref'), perhaps(random, value)],
    ['0', perhaps(random, value)],
  ]);
}

function metrics(random: Random): Document {
  const names = ['best_val_loss', 'best_epoch', 'total_epochs', 'training_time_hours', 'val.loss', '50%', '$cost', 'ä'];
  return object(names.map((name) => [storedKey(name), perhaps(random, () => number(random))]));
}

/** Experiments, with the ids of some as parents of others. */
export function randomExperiments(random: Random, size: number, now: Date): Document[] {
  const ids = Array.from({ length: size }, (_, index): unknown =>
    random.chance(0.1) ? (random.chance(0.5) ? index - 5 : `id ${index}`) : new ObjectId(),
  );
  const time = () => random.pick(INSTANTS);
  const recent = () => new Date(now.getTime() - random.pick([1, 60]) * 60_000);
  return ids.map((_id) => {
    const fields: Record<string, () => unknown> = {
      experiment_name: () => random.pick(TEXTS),
      challenge: () => stored(random, 1 + random.below(3)),
      model: () => object([['name', perhaps(random, () => random.pick(TEXTS))]]),
      config: () => config(random),
      dataset: () => object([['releases', perhaps(random, () => some(random, LABELS))]]),
      metrics: () => metrics(random),
      start_time: time,
      end_time: time,
      last_seen_at: recent,
      last_heartbeat_at: recent,
      created_by: () => random.pick(TEXTS),
      hostname: () => random.pick(TEXTS),
      tags: () => some(random, LABELS),
      note: () => random.pick(TEXTS),
      parent_experiment_id: () => random.pick(ids),
    };
    const document = object([
      ['_id', _id],
      ['status', random.pick(['running', 'completed', 'failed', 'stopped', 'paused', null, undefined, 3])],
      ...Object.entries(fields).map(([name, make]) => [name, perhaps(random, make)] as const),
    ]);
    // No index takes two lists of one document, and several hold the start beside another field.
    if (Array.isArray(document.start_time)) delete document.start_time;
    return document;
  });
}

/** Subjects; some have no identifier that could be shown, so that they are in no list. */
export function randomSubjects(random: Random, size: number): Document[] {
  return Array.from({ length: size }, (_, index) => {
    const phenotypic = () =>
      object(
        METRIC_NAMES.map((name) => [
          storedKey(name),
          perhaps(random, () => (random.chance(0.3) ? random.pick(TEXTS) : number(random))),
        ]),
      );
    const split = () => random.pick(['train', 'val', 'test', 'all']);
    const splits = () => object(['challenge1_split', 'challenge2_split'].map((name) => [name, perhaps(random, split)]));
    const fields: Record<string, () => unknown> = {
      age: () => number(random),
      sex: () => random.pick(['F', 'M', 'X']),
      handedness: () => random.pick(['R', 'L', 'A']),
      releases: () => some(random, LABELS),
      has_eeg: () => random.chance(0.5),
      has_phenotypic: () => random.chance(0.5),
      phenotypic,
      splits,
      date_added: () => random.pick(INSTANTS),
      last_processed: () => random.pick(INSTANTS),
    };
    return object([
      ['_id', new ObjectId()],
      ['subject_id', index % 20 === 3 ? index : `${random.pick(['sub-', 'SUB-', 'Ä.', ''])}${index}`],
      ...Object.entries(fields).map(([name, make]) => [name, perhaps(random, make)] as const),
    ]);
  });
}
