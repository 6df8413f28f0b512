import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import { EXTRA_FIELDS, HOSTILE_ENUMS, HOSTILE_OBJECTS, HOSTILE_VALUES, toJson, type HostileValue } from './values';

/**
 * Hostile inputs made from the schema: every argument and every field of every input object, each with every value that
 * its type should not take, while all the rest of the call is right.
 */

export type OperationKind = 'query' | 'mutation' | 'subscription';

export interface HostileInput {
  /** Field, place, and what is wrong there: `createExperiment input.name: a number`. */
  name: string;
  kind: OperationKind;
  /** The field that is called, such as `createExperiment` or `experiment.epochs`. */
  field: string;
  /** Where the hostile value stands, as messages write it: `input.epochs[0].epoch`. */
  path: string;
  /** The type of that place by name. */
  type: string;
  label: string;
  /** Why it may be taken; absent where it may not. */
  accepted?: string;
  document: string;
  /** The variables as JSON text. */
  variables: string;
}

/** Ids of records that are stored, and of none. */
export interface Stored {
  experiment: string;
  checkpoint: string;
  subject: string;
}

type Path = readonly (string | number)[];

interface Place {
  path: Path;
  type: GraphQLInputType;
  /** The input object or field that it belongs to, and its name there: `EpochInput.epoch`. */
  coordinate: string;
}

interface Call {
  kind: OperationKind;
  name: string;
  args: readonly GraphQLArgument[];
  document: string;
  /** Right values of the arguments that must be there. */
  base: Record<string, unknown>;
}

/** A right value of a type; of an input object, the fields that must be there. */
function rightValue(type: GraphQLInputType, name: string, owner: string, stored: Stored): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [rightValue(nullable.ofType, name, owner, stored)];
  if (isInputObjectType(nullable)) {
    const fields = Object.values(nullable.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(
      fields.map((field) => [field.name, rightValue(field.type, field.name, nullable.name, stored)]),
    );
  }
  const leaf = getNamedType(nullable);
  if (isEnumType(leaf)) return leaf.getValues()[0]!.name;
  if (leaf.name === 'ID') return /checkpoint/i.test(owner) && name === 'id' ? stored.checkpoint : stored.experiment;
  if (name === 'subjectId' || name === 'subjectIds') return stored.subject;
  return RIGHT[leaf.name];
}

const RIGHT: Readonly<Record<string, unknown>> = {
  String: 'val_loss',
  Int: 1,
  SafeInt: 1,
  Float: 1.5,
  Boolean: true,
  DateTime: '2025-01-01T00:00:00Z',
  JSON: 1,
  JSONObject: { a: 1 },
  MetricMap: { val_loss: 0.5 },
};

function pathText(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** Every place below an argument, itself included. An input object inside itself is entered once. */
function* placesOf(place: Place, inside: readonly string[] = []): Generator<Place> {
  yield place;
  const nullable = getNullableType(place.type);
  if (isListType(nullable)) {
    yield* placesOf({ ...place, path: [...place.path, 0], type: nullable.ofType }, inside);
  } else if (isInputObjectType(nullable) && !inside.includes(nullable.name)) {
    for (const field of Object.values(nullable.getFields())) {
      const coordinate = `${nullable.name}.${field.name}`;
      yield* placesOf({ path: [...place.path, field.name], type: field.type, coordinate }, [...inside, nullable.name]);
    }
  }
}

function hostileValuesOf(type: GraphQLInputType): HostileValue[] {
  const nullable = getNullableType(type);
  const missing = isNonNullType(type) ? [{ label: 'null', value: null }] : [];
  if (isListType(nullable)) {
    // A value in place of a list is a list of one, and its item's own values are hostile there.
    const item = isInputObjectType(getNamedType(nullable)) ? {} : 'x';
    return [
      ...missing,
      { label: '1,001 items', value: Array.from({ length: 1001 }, () => item) },
      ...(isNonNullType(nullable.ofType) ? [{ label: 'null among the items', value: [null] }] : []),
    ];
  }
  if (isInputObjectType(nullable)) return [...missing, ...HOSTILE_OBJECTS];
  if (isEnumType(nullable)) return [...missing, ...HOSTILE_ENUMS];
  return [...missing, ...(HOSTILE_VALUES[(nullable as { name: string }).name] ?? [])];
}

/** The variables of a call with a value at a place; what must stand around it is made. `undefined` leaves it out. */
function variablesWith(call: Call, { path }: Place, value: unknown, stored: Stored): Record<string, unknown> {
  const variables = structuredClone(call.base);
  let type: GraphQLInputType | undefined;
  let at: Record<string | number, unknown> = variables;
  let owner = call.name;
  path.forEach((step, index) => {
    if (index === 0) type = call.args.find(({ name }) => name === step)!.type;
    else {
      const around: GraphQLInputType = getNullableType(type!);
      if (isListType(around)) type = around.ofType;
      else if (isInputObjectType(around)) {
        owner = around.name;
        // An order takes exactly one way, which the field is or which the direction needs.
        if (/^(Experiment|Subject)Order$/.test(owner)) {
          for (const key of Object.keys(at)) delete at[key];
          if (step === 'direction') at.field = owner === 'ExperimentOrder' ? 'NAME' : 'AGE';
        }
        type = around.getFields()[String(step)]!.type;
      }
    }
    if (index === path.length - 1) {
      if (value === undefined) delete at[step];
      else at[step] = value;
      return;
    }
    at[step] ??= isListType(getNullableType(type!)) ? [] : rightValue(type!, String(step), owner, stored);
    at = at[step] as Record<string | number, unknown>;
  });
  return variables;
}

function selectionOf({ type }: GraphQLField<unknown, unknown>): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  const reportsByIndex = isObjectType(named) && 'errors' in named.getFields();
  return reportsByIndex ? '{ __typename errors { index code message } }' : '{ __typename }';
}

/** Values that make a call of a field right beside those that its types ask for. */
const BASES: Readonly<Record<string, (stored: Stored) => Record<string, unknown>>> = {
  createExperiment: () => ({ input: { name: 'another', status: 'COMPLETED' } }),
  updateExperimentStatus: ({ experiment }) => ({ input: { experimentId: experiment, status: 'FAILED' } }),
  upsertSubjects: ({ subject }) => ({ subjects: [{ subjectId: subject }] }),
};

/** Fields whose records the arguments of other fields stand in, and how they are asked for. */
const PARENTS: Readonly<Record<string, (stored: Stored) => string>> = {
  Experiment: ({ experiment }) => `experiment(id: "${experiment}")`,
  Subject: ({ subject }) => `subject(subjectId: ${JSON.stringify(subject)})`,
};

function* callsOf(schema: GraphQLSchema, stored: Stored): Generator<Call> {
  const call = (kind: OperationKind, name: string, field: GraphQLField<unknown, unknown>, around = ''): Call => {
    const definitions = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
    const given = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
    const called = `${field.name}(${given}) ${selectionOf(field)}`;
    const needed = field.args.filter((arg) => isNonNullType(arg.type));
    const base = Object.fromEntries(needed.map((arg) => [arg.name, rightValue(arg.type, arg.name, name, stored)]));
    return {
      kind,
      name,
      args: field.args,
      document: `${kind} (${definitions}) { ${around ? `${around} { ${called} }` : called} }`,
      base: { ...base, ...BASES[name]?.(stored) },
    };
  };
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  for (const [kind, root] of roots) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      if (field.args.length > 0) yield call(kind, field.name, field);
    }
  }
  for (const [typeName, parent] of Object.entries(PARENTS)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`There is no type ${typeName}.`);
    for (const field of Object.values(type.getFields())) {
      if (field.args.length > 0) yield call('query', `${typeName}.${field.name}`, field, parent(stored));
    }
  }
}

/**
 * All hostile inputs of a schema for these stored records, in the order of the schema. `onceEach`: a field of an input
 * object is a place for them in the first call alone that takes the object, and not in every one that does.
 */
export function* hostileInputs(schema: GraphQLSchema, stored: Stored, onceEach: boolean): Generator<HostileInput> {
  const done = new Set<string>();
  for (const call of callsOf(schema, stored)) {
    for (const arg of call.args) {
      const root: Place = { path: [arg.name], type: arg.type, coordinate: `${call.name}(${arg.name})` };
      for (const place of placesOf(root)) {
        const key = `${call.kind} ${place.coordinate} ${typeof place.path.at(-1)}`;
        if (onceEach && done.has(key)) continue;
        done.add(key);
        yield* inputsAt(call, place, stored);
      }
    }
  }
}

function* inputsAt(call: Call, place: Place, stored: Stored): Generator<HostileInput> {
  const path = pathText(place.path);
  const type = getNamedType(place.type).name;
  const make = (label: string, value: unknown, accepted?: string, at = path): HostileInput => ({
    name: `${call.name} ${at}: ${label}`,
    kind: call.kind,
    field: call.name,
    path: at,
    type,
    label,
    ...(accepted === undefined ? {} : { accepted }),
    document: call.document,
    variables: toJson(variablesWith(call, place, value, stored)),
  });
  for (const { label, value, accepted } of hostileValuesOf(place.type)) yield make(label, value, accepted);
  if (isNonNullType(place.type) && typeof place.path.at(-1) === 'string') yield make('nothing', undefined);
  const nullable = getNullableType(place.type);
  if (!isInputObjectType(nullable)) return;
  for (const [label, key] of EXTRA_FIELDS) {
    const right = rightValue(place.type, String(place.path.at(-1)), nullable.name, stored) as object;
    yield make(label, new Map([...Object.entries(right), [key, 1]]), undefined, `${path}.${key}`);
  }
}
