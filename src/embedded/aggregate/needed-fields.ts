import { isDoc, type Doc, type Value } from '../values/value';

/** Collects the top-level fields that an expression reads; false when it reads the whole document. */
function fromExpression(v: Value, into: Set<string>): boolean {
  if (typeof v === 'string') {
    if (v.startsWith('$$')) return !/^\$\$(ROOT|CURRENT)/.test(v);
    if (v.startsWith('$')) into.add(v.slice(1).split('.')[0]!);
    return true;
  }
  if (Array.isArray(v)) return v.every((element) => fromExpression(element, into));
  return !isDoc(v) || [...v.values()].every((value) => fromExpression(value, into));
}

function fromFilter(filter: Doc, into: Set<string>): boolean {
  for (const [name, value] of filter) {
    if (!name.startsWith('$')) into.add(name.split('.')[0]!);
    else if (name === '$expr') {
      if (!fromExpression(value, into)) return false;
    } else if (Array.isArray(value)) {
      for (const part of value) if (isDoc(part) && !fromFilter(part, into)) return false;
    }
  }
  return true;
}

function addPaths(paths: Iterable<string>, into: Set<string>): void {
  for (const path of paths) into.add(path.split('.')[0]!);
}

/** True for a specification that includes fields, so that all others are dropped. */
function includes(spec: Doc): boolean {
  return [...spec].some(
    ([name, v]) =>
      name !== '_id' && v !== false && !(isDoc(v) && [...v.keys()][0]?.startsWith('$') !== true) && !isZero(v),
  );
}

function isZero(v: Value): boolean {
  return v !== null && typeof v === 'object' && 'value' in v ? v.value === 0 : v === 0 || v === 0n;
}

/**
 * The top-level fields that a valid pipeline reads from its input, or undefined when it may pass whole documents on.
 * More than what is needed may be named, never less.
 */
export function neededFields(stages: Value[]): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  for (const stage of stages) {
    const [name, spec] = [...(stage as Doc)][0]!;
    switch (name) {
      case '$match':
        if (!fromFilter(spec as Doc, fields)) return undefined;
        break;
      case '$sort':
        addPaths((spec as Doc).keys(), fields);
        break;
      case '$skip':
      case '$limit':
        break;
      case '$unwind': {
        const path = isDoc(spec) ? spec.get('path') : spec;
        fromExpression(path ?? null, fields);
        break;
      }
      case '$group':
      case '$sortByCount':
        return fromExpression(spec, fields) ? fields : undefined;
      case '$count':
        return fields;
      case '$project':
        if (!isDoc(spec) || !includes(spec)) return undefined;
        addPaths(spec.keys(), fields);
        fields.add('_id');
        return fromExpression(spec, fields) ? fields : undefined;
      default:
        return undefined;
    }
  }
  return undefined;
}
