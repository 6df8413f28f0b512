import type { Document } from 'mongodb';
import { livenessOf } from './filters';
import { compareTexts, inside, numberOf, storedKey } from './values';

/** One key of an order as a client sends it. */
export interface OrderInput {
  field?: string | null;
  metric?: string | null;
  configPath?: string | null;
  phenotypic?: string | null;
  direction?: 'ASC' | 'DESC';
}

type Key = number | string | boolean;

/** The stored path of each field that a list is ordered by, and what kind of value counts there. */
const FIELDS: Record<string, [path: string[], kind: 'date' | 'text' | 'number']> = {
  START_TIME: [['start_time'], 'date'],
  END_TIME: [['end_time'], 'date'],
  LAST_SEEN_AT: [['last_seen_at'], 'date'],
  NAME: [['experiment_name'], 'text'],
  STATUS: [['status'], 'text'],
  CHALLENGE: [['challenge'], 'number'],
  MODEL_NAME: [['model', 'name'], 'text'],
  BEST_VAL_LOSS: [['metrics', 'best_val_loss'], 'number'],
  BEST_EPOCH: [['metrics', 'best_epoch'], 'number'],
  TOTAL_EPOCHS: [['metrics', 'total_epochs'], 'number'],
  TRAINING_TIME_HOURS: [['metrics', 'training_time_hours'], 'number'],
  LIVENESS: [[], 'number'],
  SUBJECT_ID: [['subject_id'], 'text'],
  AGE: [['age'], 'number'],
  DATE_ADDED: [['date_added'], 'date'],
  LAST_PROCESSED: [['last_processed'], 'date'],
};

export const EXPERIMENT_ORDER_FIELDS = Object.keys(FIELDS).slice(0, 12);
export const SUBJECT_ORDER_FIELDS = Object.keys(FIELDS).slice(12);

function realNumber(value: unknown): number | undefined {
  const number = numberOf(value);
  return number === undefined || Number.isNaN(number) ? undefined : number;
}

/** A value of any kind that has an order: numbers, texts, true and false. */
function scalar(value: unknown): Key | undefined {
  return typeof value === 'string' || typeof value === 'boolean' ? value : realNumber(value);
}

/** What a document is ordered by under a key; undefined where it comes last. */
function keyOf(document: Document, { field, metric, configPath, phenotypic }: OrderInput, now: Date): Key | undefined {
  if (field === 'LIVENESS') return ['ALIVE', 'STALLED', 'UNKNOWN', 'FINISHED'].indexOf(livenessOf(document, now));
  if (field) {
    const [path, kind] = FIELDS[field]!;
    const value = inside(document, path);
    if (kind === 'date') return value instanceof Date ? value.getTime() : undefined;
    if (kind === 'text') return typeof value === 'string' ? value : undefined;
    return realNumber(value);
  }
  if (metric) return realNumber(inside(document.metrics, [storedKey(metric)]));
  if (phenotypic) return scalar(inside(document.phenotypic, [storedKey(phenotypic)]));
  const keys = configPath!.split('.').map((key) => storedKey(key.replaceAll('%2E', '.').replaceAll('%25', '%')));
  return scalar(inside(document.config, keys));
}

const KINDS = ['number', 'string', 'boolean'];

function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return KINDS.indexOf(typeof a) - KINDS.indexOf(typeof b);
  return typeof a === 'string' ? compareTexts(a, b as string) : Number(a) - Number(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Ids of ours are ObjectIds; those of other programs may be numbers, which come first, or texts. */
function compareIds(a: unknown, b: unknown): number {
  const rank = (id: unknown) => (typeof id === 'number' ? 0 : typeof id === 'string' ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'number') return a - (b as number);
  return compareTexts(String(a), String(b));
}

/** Documents in an order as of a moment; ties by id, in the direction of the last key. */
export function inOrder(documents: readonly Document[], order: readonly OrderInput[], now: Date): Document[] {
  const keyed = documents.map((document) => ({ document, keys: order.map((input) => keyOf(document, input, now)) }));
  const sign = order.map(({ direction }) => (direction === 'DESC' ? -1 : 1));
  keyed.sort((a, b) => {
    for (let index = 0; index < order.length; index++) {
      const [x, y] = [a.keys[index], b.keys[index]];
      if (x === undefined && y === undefined) continue;
      if (x === undefined) return 1;
      if (y === undefined) return -1;
      const compared = compareKeys(x, y) * sign[index]!;
      if (compared !== 0) return compared;
    }
    return compareIds(a.document._id, b.document._id) * sign.at(-1)!;
  });
  return keyed.map(({ document }) => document);
}
