import { ensure } from '../errors';
import { groupKey } from '../values/keys';
import { isDoc, type Doc, type Value } from '../values/value';
import { ACCUMULATORS, type Accumulator } from './accumulators';
import { compileExpression, type Variables } from './expression';
import type { Expression } from './operators';

interface Output {
  name: string;
  make: () => Accumulator;
  value: Expression;
}

interface Group {
  id: Value;
  accumulators: Accumulator[];
}

/** Compiles `name: {$accumulator: expression}`. */
function compileOutput(name: string, spec: Value, vars: Variables): Output {
  ensure(!name.includes('.'), 40235, `The field name '${name}' cannot contain '.'`);
  ensure(!name.startsWith('$'), 40236, `The field name '${name}' cannot be an operator name`);
  ensure(isDoc(spec) && spec.size > 0, 40234, `The field '${name}' must be an accumulator object`);
  ensure(spec.size === 1, 40238, `The field '${name}' must specify one accumulator`);
  const [operator, argument] = [...spec][0]!;
  const make = ACCUMULATORS.get(operator);
  ensure(make, 15952, `unknown group operator '${operator}', or not one of the embedded database's`);
  const [only, ...more] = Array.isArray(argument) ? argument : [argument];
  ensure(only !== undefined && more.length === 0, 40237, `The ${operator} accumulator is a unary operator`);
  return { name, make, value: compileExpression(only, vars) };
}

/** Compiles $group. Groups come in the order of their first documents. */
export function compileGroup(spec: Value, vars: Variables): (input: Iterable<Doc>) => Iterable<Doc> {
  ensure(isDoc(spec), 15947, "a group's fields must be specified in an object");
  ensure(spec.has('_id'), 15955, 'a group specification must include an _id');
  const id = compileExpression(spec.get('_id')!, vars);
  const outputs = [...spec].filter(([name]) => name !== '_id').map(([name, value]) => compileOutput(name, value, vars));
  return function* group(input) {
    const groups = new Map<string, Group>();
    const groupOf = (document: Doc): Group => {
      const value = id(document) ?? null;
      const key = groupKey(value);
      const found = groups.get(key) ?? { id: value, accumulators: outputs.map((output) => output.make()) };
      groups.set(key, found);
      return found;
    };
    let last: { document: Doc; group: Group } | undefined;
    for (const document of input) {
      // What an index tells of many documents is one and the same.
      if (last?.document !== document) last = { document, group: groupOf(document) };
      const { accumulators } = last.group;
      for (let i = 0; i < accumulators.length; i++) accumulators[i]!.add(outputs[i]!.value(document));
    }
    for (const { id: groupId, accumulators } of groups.values()) {
      const result: Doc = new Map([['_id', groupId]]);
      accumulators.forEach((accumulator, i) => result.set(outputs[i]!.name, accumulator.result()));
      yield result;
    }
  };
}
