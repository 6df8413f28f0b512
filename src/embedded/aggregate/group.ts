import { MongoError } from '../errors';
import { groupKey } from '../values/keys';
import { Int32, isDoc, ObjectId, type Doc, type Value } from '../values/value';
import { ACCUMULATORS, type Accumulator } from './accumulators';
import { compileExpression } from './expression';
import type { Expression } from './scope';

type Run = (input: Iterable<Doc>) => Iterable<Doc>;

interface Output {
  name: string;
  make: () => Accumulator;
  value: Expression;
}

/** Compiles `name: {$accumulator: expression}`. */
function compileOutput(name: string, spec: Value, vars: ReadonlyMap<string, Value | undefined>): Output {
  if (name.includes('.')) throw new MongoError(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw new MongoError(40236, `The field name '${name}' cannot be an operator name`);
  if (!isDoc(spec) || spec.size === 0) throw new MongoError(40234, `The field '${name}' must be an accumulator object`);
  if (spec.size !== 1) throw new MongoError(40238, `The field '${name}' must specify one accumulator`);
  const [operator, argument] = [...spec][0]!;
  const make = ACCUMULATORS.get(operator);
  if (!make) throw new MongoError(15952, `unknown group operator '${operator}'`);
  if (Array.isArray(argument) && argument.length !== 1)
    throw new MongoError(40237, `The ${operator} accumulator is a unary operator`);
  return { name, make, value: compileExpression(Array.isArray(argument) ? argument[0]! : argument, vars) };
}

/** A Map key for the common kinds of group ids that is quicker to make than groupKey(). */
function quickKey(id: Value): string | number {
  if (id instanceof Int32) return id.value;
  if (id instanceof ObjectId) return `o${id.toHexString()}`;
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id === 0 ? 0 : id;
  if (typeof id === 'bigint' && id <= Number.MAX_SAFE_INTEGER && id >= Number.MIN_SAFE_INTEGER) return Number(id);
  return groupKey(id);
}

/** Compiles $group. Groups come in the order of their first documents. */
export function compileGroup(spec: Value, vars: ReadonlyMap<string, Value | undefined>): Run {
  if (!isDoc(spec)) throw new MongoError(15947, "a group's fields must be specified in an object");
  if (!spec.has('_id')) throw new MongoError(15955, 'a group specification must include an _id');
  const id = compileExpression(spec.get('_id')!, vars);
  const outputs = [...spec].filter(([name]) => name !== '_id').map(([name, value]) => compileOutput(name, value, vars));
  return function* group(input) {
    const groups = new Map<string | number, { id: Value; accumulators: Accumulator[] }>();
    for (const document of input) {
      const value = id(document) ?? null;
      const key = quickKey(value);
      let found = groups.get(key);
      if (found === undefined) {
        found = { id: value, accumulators: outputs.map((output) => output.make()) };
        groups.set(key, found);
      }
      const { accumulators } = found;
      for (let i = 0; i < accumulators.length; i++) accumulators[i]!.add(outputs[i]!.value(document));
    }
    for (const { id: groupId, accumulators } of groups.values()) {
      const result: Doc = new Map([['_id', groupId]]);
      accumulators.forEach((accumulator, i) => result.set(outputs[i]!.name, accumulator.result()));
      yield result;
    }
  };
}
