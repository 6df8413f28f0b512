import { calculateObjectSize } from 'bson';
import { Double, ObjectId, type Document } from 'mongodb';
import { ApiError, badInput } from '../errors';
import { encodeName, faultOfName } from './names';
import { isOfKind, KIND_IN_WORDS, type Shape } from './shapes';

/**
 * What clients send becomes BSON here and nowhere else. BSON and its serializer change some values in silence (an
 * invalid date, an integer past 2^53, half a surrogate pair, a key `_bsontype`); each of those is refused before the
 * driver sees it, with the path of the value.
 */

export const MAX_NESTING = 50;
export const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
const MAX_METRICS = 10_000;

const OBJECT_ID = /^[0-9a-fA-F]{24}$/;

/** The ObjectId that a client's id stands for; BAD_USER_INPUT if it can't be one. */
export function toObjectId(id: string, path: string): ObjectId {
  if (OBJECT_ID.test(id)) return new ObjectId(id);
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  throw badInput(path, `${JSON.stringify(shown)} is not an id; ids are 24 hexadecimal digits`);
}

export interface TextLimits {
  min?: number;
  max?: number;
}

/** Text that BSON stores as it is, within the limits (in UTF-16 units). */
export function toText(value: string, path: string, { min = 0, max = 1_000_000 }: TextLimits = {}): string {
  if (value.length < min || value.length > max) {
    throw badInput(path, `has ${value.length} characters; it takes ${min} to ${max}`);
  }
  if (!value.isWellFormed()) throw badInput(path, 'must be well-formed Unicode (it holds half a surrogate pair)');
  return value;
}

/** A list of labels: well-formed, not empty, each once, order kept. */
export function toLabels(values: readonly string[], path: string): string[] {
  if (values.length > 250) throw badInput(path, `has ${values.length} items; it takes at most 250`);
  return [...new Set(values.map((value, index) => toText(value, `${path}[${index}]`, { min: 1, max: 256 })))];
}

/** An integer of at least `min`. */
export function toIntegerFrom(min: number, value: number, path: string): number {
  if (!Number.isInteger(value) || value < min)
    throw badInput(path, `is ${value}; it takes an integer of ${min} or more`);
  return value;
}

/** A finite number that is not negative, as a BSON double; null and undefined stay what they are. */
export function toQuantity<T extends number | null | undefined>(value: T, path: string): Double | T {
  if (value == null) return value;
  if (!Number.isFinite(value) || value < 0) throw badInput(path, `is ${value}; it takes a number of 0 or more`);
  return new Double(value);
}

/** Metrics as a stored document: encoded names, doubles. */
export function toMetrics(metrics: ReadonlyMap<string, number>, path: string): Record<string, Double> {
  if (metrics.size > MAX_METRICS) throw badInput(path, `has ${metrics.size} metrics; it takes at most ${MAX_METRICS}`);
  const stored: Record<string, Double> = {};
  for (const [name, value] of metrics) {
    const fault = faultOfName(name);
    if (fault) throw badInput(`${path}[${JSON.stringify(name)}]`, fault);
    stored[encodeName(name)] = new Double(value);
  }
  return stored;
}

/** A JSON object as a stored document, its known keys checked against the shape. Unknown keys are kept. */
export function toOpenObject(value: Record<string, unknown>, shape: Shape, path: string): Document {
  for (const [key, kind] of Object.entries(shape)) {
    const item = value[key];
    if (item != null && !isOfKind(kind, item)) {
      throw badInput(`${path}.${key}`, `is ${show(item)}; it takes ${KIND_IN_WORDS[kind]}`);
    }
  }
  return toDocument(value, path, 1);
}

function toDocument(value: object, path: string, depth: number): Document {
  const document: Document = {};
  for (const [key, item] of Object.entries(value)) {
    const keyPath = `${path}.${key.length > 80 ? `${key.slice(0, 80)}…` : key}`;
    if (key === '_bsontype' || key === '__proto__') throw badInput(keyPath, 'this key is reserved; take another name');
    const fault = faultOfName(key);
    if (fault) throw badInput(keyPath, fault);
    document[encodeName(key)] = toStored(item, keyPath, depth);
  }
  return document;
}

/** The name of a metric, as the client writes it; BAD_USER_INPUT for one that can't be stored. */
export function toMetricName(name: string, path: string): string {
  const fault = faultOfName(name);
  if (fault) throw badInput(path, fault);
  return toText(name, path, { max: 1024 });
}

/** Any JSON value as it would be stored. */
export function toStoredValue(value: unknown, path: string): unknown {
  return toStored(value, path, 1);
}

function toStored(value: unknown, path: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return toText(value, path, { max: MAX_DOCUMENT_BYTES });
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badInput(path, `is ${value}; JSON has no such number, write it as text`);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw badInput(path, `is ${value}, an integer past 2^53, which would be rounded; write it as text`);
    }
    return value;
  }
  if (depth >= MAX_NESTING)
    throw badInput(path, `is nested deeper than ${MAX_NESTING}; it takes at most as many levels`);
  if (Array.isArray(value)) return value.map((item, index) => toStored(item, `${path}[${index}]`, depth + 1));
  if (typeof value === 'object') return toDocument(value, path, depth + 1);
  throw badInput(path, `is ${typeof value}; it takes JSON`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Refuses a document that would be larger than the server stores. */
export function assertFits(document: Document, path: string): void {
  const bytes = calculateObjectSize(document);
  if (bytes <= MAX_DOCUMENT_BYTES) return;
  throw new ApiError('LIMIT_EXCEEDED', `${path}: takes ${bytes} bytes when stored; at most ${MAX_DOCUMENT_BYTES} do`);
}

/** Refuses a batch that is empty or too long. */
export function assertBatch(length: number, max: number, path: string): void {
  if (length < 1 || length > max) throw badInput(path, `has ${length} items; it takes 1 to ${max}`);
}
