import type { JsonBytes } from '../../json-bytes';
import { isPlainObject, openObject } from '../documents';
import { isOfKind, type Kind } from '../shapes';
import { behind, BSON, doubleAt, HEAD, int32At, int64At, notPlain, objectAt } from './bson';
import type { Layout, Stored } from './layout';
import { Locator } from './locator';
import { MetricMapWriter, writeMetric } from './metric-map';
import type { StoredDocument } from './stored';

/** A field that is to be written: its key as JSON (comma and colon included), and the property that it is read from. */
export interface SelectedField {
  key: Uint8Array;
  /** Undefined for one that is written by others, or for `text`. */
  property: string | undefined;
  /** Key and value as JSON, where the value is always the same. */
  text?: Uint8Array;
  /** What is selected of an object. */
  below?: readonly SelectedField[];
  /** What a leaf's value is called in the API; needed of enums alone, the others are written by their kinds. */
  serialize?: (value: unknown) => unknown;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const EMPTY_LIST = Buffer.from('[]');
const EMPTY_OBJECT = Buffer.from('{}');
/** What no object is stored as; its fields are all missing. */
const EMPTY_DOCUMENT = Buffer.from([5, 0, 0, 0, 0]);
const LATEST = 8.64e15;

interface Slot {
  field: SelectedField;
  stored: Stored;
  below: ObjectProgram | undefined;
  metricMap: MetricMapWriter | undefined;
  /** What the texts of an enum are written as. */
  texts: ReadonlyMap<string, Buffer> | undefined;
}

/**
 * Writes selected fields of stored objects as JSON. An object is first looked through once (`locate`), and then each
 * field is written from its place. Not reentrant: an object is written before the next one is located.
 */
export class ObjectProgram {
  private readonly slots: (Slot | undefined)[];
  private readonly locator: Locator;
  private bytes: Buffer = EMPTY_DOCUMENT;
  private from = 0;

  private constructor(
    private readonly fields: readonly SelectedField[],
    layout: Layout,
  ) {
    this.slots = fields.map((field) => slotOf(field, layout));
    this.locator = new Locator(this.slots.map((slot) => slot && (slot.stored.name ?? slot.field.property)));
  }

  /** Undefined where a field is none of the layout's. */
  static compile(fields: readonly SelectedField[], layout: Layout): ObjectProgram | undefined {
    try {
      return new ObjectProgram(fields, layout);
    } catch (error) {
      if (error instanceof NotOfLayout) return undefined;
      throw error;
    }
  }

  /** Takes a document, as `locate` does. */
  begin({ bytes, from }: StoredDocument): void {
    this.locate(bytes, from);
  }

  /** Takes an object's bytes, and finds the selected fields in them. Throws NotPlain where it has to be read. */
  locate(bytes: Buffer, from: number): void {
    this.bytes = bytes;
    this.from = from;
    this.locator.locate(bytes, from);
  }

  /** Writes an object whole. Throws NotPlain where it has to be read. */
  write(out: JsonBytes, bytes: Buffer, from: number): void {
    this.locate(bytes, from);
    out.byte(OPEN);
    for (let index = 0; index < this.fields.length; index++) this.writeField(out, index);
    out.byte(CLOSE);
  }

  /** Writes one field of the object that was located, its key before it. */
  writeField(out: JsonBytes, index: number): void {
    const field = this.fields[index]!;
    if (field.text) return out.copy(field.text);
    out.copy(field.key);
    const { types, places } = this.locator;
    this.writeValue(out, this.slots[index]!, types[index]!, places[index]!);
  }

  private writeValue(out: JsonBytes, slot: Slot, type: number, at: number): void {
    const { bytes } = this;
    const { stored } = slot;
    if (stored.kind === 'allMetrics') return slot.metricMap!.write(out, bytes, this.from);
    if (stored.kind === 'all') return writeOpen(out, bytes, this.from);
    if (type === 0 || type === BSON.null || type === BSON.undefined) return writeMissing(out, slot);
    switch (stored.kind) {
      case 'metric':
        return writeMetric(out, bytes, type, at);
      case 'int':
      case 'safeInt':
      case 'number':
        return writeNumber(out, bytes, type, at, stored.kind);
      case 'string':
        return type === BSON.string ? writeText(out, bytes, at) : notPlain();
      case 'strings':
        return type === BSON.array ? writeTexts(out, bytes, at) : notPlain();
      case 'boolean':
        return type === BSON.boolean ? out.copy(bytes[at] === 1 ? TRUE : FALSE) : notPlain();
      case 'date':
        return type === BSON.date ? writeDate(out, int64At(bytes, at)) : notPlain();
      case 'id':
        return type === BSON.objectId ? out.hex(bytes, at, at + 12) : notPlain();
      case 'oneOf':
        return type === BSON.string ? writeOneOf(out, bytes, at, slot.texts!) : notPlain();
      case 'json':
        return type === BSON.object ? writeOpen(out, bytes, at) : notPlain();
      case 'object':
        return type === BSON.object ? slot.below!.write(out, bytes, at) : notPlain();
    }
  }
}

class NotOfLayout extends Error {}

function slotOf(field: SelectedField, layout: Layout): Slot | undefined {
  if (field.property === undefined) return undefined;
  const stored = layout[field.property];
  if (!stored) throw new NotOfLayout();
  const below = stored.below && ObjectProgram.compile(field.below ?? [], stored.below);
  if (stored.below && !below) throw new NotOfLayout();
  const texts = stored.values?.map((value) => [value, Buffer.from(JSON.stringify(field.serialize!(value)))] as const);
  return {
    field,
    stored,
    below,
    metricMap: stored.kind === 'allMetrics' ? new MetricMapWriter() : undefined,
    texts: texts && new Map(texts),
  };
}

function writeMissing(out: JsonBytes, { stored, below }: Slot): void {
  if (stored.missing === 'whole') notPlain();
  if (stored.missing !== 'empty') out.copy(NULL);
  else if (below) below.write(out, EMPTY_DOCUMENT, 0);
  else out.copy(stored.kind === 'json' ? EMPTY_OBJECT : EMPTY_LIST);
}

function writeNumber(out: JsonBytes, bytes: Buffer, type: number, at: number, kind: Kind): void {
  if (type === BSON.int32) return out.number(int32At(bytes, at));
  if (type !== BSON.double && type !== BSON.int64) notPlain();
  const value = type === BSON.double ? doubleAt(bytes, at) : int64At(bytes, at);
  if (!isOfKind(kind, value)) notPlain();
  out.number(value);
}

function writeText(out: JsonBytes, bytes: Buffer, at: number): void {
  const start = at + 4;
  const end = start + int32At(bytes, at) - 1;
  if (out.plainText(bytes, start, end)) return;
  const text = bytes.toString('utf8', start, end);
  // It may stand there itself, or for bytes that are no UTF-8.
  if (text.includes('\uFFFD')) notPlain();
  out.string(text);
}

function writeTexts(out: JsonBytes, bytes: Buffer, from: number): void {
  const end = from + int32At(bytes, from) - 1;
  out.byte(OPEN_LIST);
  for (let at = from + HEAD, isFirst = true; at < end; isFirst = false) {
    if (bytes[at] !== BSON.string) notPlain();
    at = bytes.indexOf(0, at + 1) + 1;
    if (!isFirst) out.byte(COMMA);
    writeText(out, bytes, at);
    at = behind(bytes, BSON.string, at);
  }
  out.byte(CLOSE_LIST);
}

function writeDate(out: JsonBytes, ms: number): void {
  if (Math.abs(ms) > LATEST) notPlain();
  out.date(ms);
}

function writeOneOf(out: JsonBytes, bytes: Buffer, at: number, texts: ReadonlyMap<string, Buffer>): void {
  const text = texts.get(bytes.toString('latin1', at + 4, at + 3 + int32At(bytes, at)));
  if (!text) notPlain();
  out.copy(text);
}

/** An object of any content: it is read, since its names and values may be anything. */
function writeOpen(out: JsonBytes, bytes: Buffer, at: number): void {
  const value = objectAt(bytes, at);
  if (!isPlainObject(value)) notPlain();
  out.json(openObject(value));
}
