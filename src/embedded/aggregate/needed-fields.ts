import { isOperatorDocument } from '../match/predicates';
import { asNumber, isDoc, type Doc, type Value } from '../values/value';

const top = (path: string): string => path.split('.')[0]!;

/** Collects the first component of everything in a specification that could be a path. */
function mention(v: Value, into: Set<string>): void {
  if (typeof v === 'string' && v.startsWith('$')) into.add(top(v.slice(1)));
  else if (Array.isArray(v)) for (const element of v) mention(element, into);
  else if (isDoc(v))
    for (const [name, inner] of v) {
      into.add(top(name));
      mention(inner, into);
    }
}

/** Collects the first component of every path that an expression reads. */
function mentionPaths(v: Value, into: Set<string>): void {
  if (typeof v === 'string' && v.startsWith('$')) into.add(top(v.slice(1)));
  else if (Array.isArray(v)) for (const element of v) mentionPaths(element, into);
  else if (isDoc(v)) for (const inner of v.values()) mentionPaths(inner, into);
}

/** True for a $project that names what it keeps, so that all other fields are dropped. */
function includes(spec: Doc): boolean {
  return [...spec].some(
    ([name, v]) => name !== '_id' && v !== false && asNumber(v) !== 0 && (!isDoc(v) || isOperatorDocument(v)),
  );
}

/**
 * The top-level fields that a valid pipeline reads from its input, or undefined when it may pass whole documents on.
 * More than what is needed may be named, never less.
 */
export function neededFields(stages: Value[]): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  for (const stage of stages) {
    const [name, spec] = [...(stage as Doc)][0]!;
    if (name === '$group') mentionPaths(spec, fields);
    else mention(spec, fields);
    if (fields.has('$ROOT') || fields.has('$CURRENT')) return undefined;
    if (name === '$project') fields.add('_id');
    if (name === '$group' || name === '$count' || (name === '$project' && includes(spec as Doc))) return fields;
    if (!['$match', '$sort', '$skip', '$limit', '$unwind'].includes(name)) return undefined;
  }
  return undefined;
}
