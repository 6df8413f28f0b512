import type { JsonBytes } from '../../json-bytes';
import { NotPlain } from '../../stores/raw/bson';
import { ObjectProgram } from '../../stores/raw/program';
import { isStored, type StoredDocument } from '../../stores/raw/stored';
import { isTypename, type ObjectPlan, type ValuePlan } from './plan';
import { GivenUp, isPromise, type Resolved } from './run';

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** Writes an object as graphql-js and JSON.stringify would; throws where graphql-js would report an error. */
export function writeObject(out: JsonBytes, plan: ObjectPlan, value: unknown): void {
  if (plan.deep.length > 0) {
    const { source, values } = value as Resolved;
    // The root of a query is no object at all.
    if (!(source && isStored(source) && writeStored(out, plan, source, values))) writeFields(out, plan, source, values);
  } else if (isStored(value as object)) {
    if (!writeStored(out, plan, value as StoredDocument, undefined)) writeFields(out, plan, value as object, undefined);
  } else {
    if (value instanceof Error || isPromise(value)) throw new GivenUp();
    writeFields(out, plan, value as object, undefined);
  }
}

/** Writes a stored document without reading it; false, with nothing written, where it has to be read. */
function writeStored(
  out: JsonBytes,
  plan: ObjectPlan,
  source: StoredDocument,
  resolved: unknown[] | undefined,
): boolean {
  if (plan.program === undefined) plan.program = ObjectProgram.compile(plan.selected, source.layout) ?? null;
  const { program, fields } = plan;
  if (!program) return false;
  const { length } = out;
  try {
    program.begin(source);
    out.byte(OPEN_OBJECT);
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!;
      if (isTypename(field) || field.deepIndex === undefined) program.writeField(out, index);
      else {
        out.copy(field.key);
        writeValue(out, field.value, resolved![field.deepIndex]);
      }
    }
    out.byte(CLOSE_OBJECT);
    return true;
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    out.length = length;
    return false;
  }
}

function writeFields(out: JsonBytes, { fields }: ObjectPlan, source: object, resolved: unknown[] | undefined): void {
  out.byte(OPEN_OBJECT);
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!;
    if (isTypename(field)) {
      out.copy(field.typename);
      continue;
    }
    out.copy(field.key);
    const { deepIndex, property, value } = field;
    writeValue(
      out,
      value,
      deepIndex === undefined ? (source as Record<string, unknown>)[property!] : resolved![deepIndex],
    );
  }
  out.byte(CLOSE_OBJECT);
}

function writeValue(out: JsonBytes, plan: ValuePlan, value: unknown): void {
  if (value == null) {
    if (!plan.nullable) throw new GivenUp();
    return out.copy(NULL);
  }
  if (plan.kind === 'object') return writeObject(out, plan.object, value);
  if (plan.kind === 'list') return writeList(out, plan.item, value);
  if (value instanceof Error || isPromise(value)) throw new GivenUp();
  writeLeaf(out, plan.type.serialize(value));
}

function writeList(out: JsonBytes, item: ValuePlan, list: unknown): void {
  if (!Array.isArray(list)) throw new GivenUp();
  out.byte(OPEN_LIST);
  for (let index = 0; index < list.length; index++) {
    if (index > 0) out.byte(COMMA);
    writeValue(out, item, list[index]);
  }
  out.byte(CLOSE_LIST);
}

/** What a scalar's `serialize` came to. */
function writeLeaf(out: JsonBytes, value: unknown): void {
  switch (typeof value) {
    case 'string':
      return out.string(value);
    case 'number':
      return out.number(value);
    case 'boolean':
      return out.copy(value ? TRUE : FALSE);
    default:
      if (value == null) throw new GivenUp();
      out.json(value);
  }
}
