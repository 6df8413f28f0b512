import { ensure, mongoError } from '../errors';
import { scanAll } from '../query';
import { catalogKey, describeIndex, indexFlags, indexFlagsKey, type IndexSpec } from '../storage/catalog';
import { numberedRange, TABLE } from '../storage/keyspace';
import { buildIndex } from '../storage/records';
import { show } from '../values/show';
import { equal } from '../values/compare';
import { asNumber, doc, int, isDoc, type Doc, type Value } from '../values/value';
import { boolField, collectionName, wrongType, type Command } from './invocation';
import type { Engine } from '../engine';

const MAX_INDEXES = 64;
const KNOWN = ['key', 'name', 'v', 'unique', 'sparse', 'partialFilterExpression', 'background', 'ns', 'hidden'];
/** What MongoDB takes in a partial index's filter. */
const PARTIAL_OPERATORS = ['$eq', '$gt', '$gte', '$lt', '$lte', '$type', '$in', '$and', '$or'];

export const createIndexes: Command = {
  fields: ['indexes', 'commitQuorum'],
  refused: ['ignoreUnknownIndexOptions'],
  async run(invocation) {
    const { body, db, engine } = invocation;
    const name = collectionName(invocation);
    const list = body.get('indexes');
    if (!Array.isArray(list)) throw wrongType('createIndexes', 'indexes', list ?? null, 'array');
    if (list.length === 0) throw mongoError('BadValue', 'Must specify at least one index to create');
    const specs = list.map((entry) => {
      if (!isDoc(entry)) throw wrongType('createIndexes', 'indexes', entry, 'object');
      return parseSpec(entry);
    });
    const made = await defineIndexes(engine, db, name, specs);
    return { body: made };
  },
};

/** The keys whose holding transactions stand in the way of a change of a collection, as it is when it is asked. */
export function holds(engine: Engine, ns: string): (key: Buffer) => boolean {
  const record = catalogKey(ns);
  return (key) => {
    const collection = engine.catalog.get(ns);
    if (key.equals(record) || collection === undefined) return key.equals(record);
    const [start, end] = numberedRange(TABLE.documents, collection.id);
    return key.compare(start) >= 0 && key.compare(end) < 0;
  };
}

async function defineIndexes(engine: Engine, db: string, name: string, specs: IndexSpec[]): Promise<Doc> {
  const ns = `${db}.${name}`;
  return engine.define(holds(engine, ns), (batch) => {
    const existing = batch.collection(ns);
    const before = existing?.indexes.length ?? 1;
    const wanted = specs.filter((spec) => !alreadyThere(existing?.indexes ?? [], spec));
    const fits = before + wanted.length <= MAX_INDEXES;
    ensure(fits, 'CannotCreateIndex', `add index fails, too many indexes for ${ns}: at most ${MAX_INDEXES}`);
    if (wanted.length === 0 && existing !== undefined)
      return doc({ numIndexesBefore: int(before), numIndexesAfter: int(before), note: 'all indexes already exist' });
    const collection = batch.ensureCollection(db, name);
    const made = wanted.map((spec) => engine.catalog.makeIndex(spec));
    for (const index of made) {
      buildIndex(batch, collection, index, scanAll(batch.view, collection));
      batch.view.put(indexFlagsKey(index.id), indexFlags(index));
    }
    const indexes = [...collection.indexes, ...made];
    engine.catalog.save({ ...collection, indexes }, batch.view);
    batch.afterwards.push((instant) => {
      collection.indexes = indexes;
      for (const index of made) index.readableFrom = instant;
    });
    batch.operations.push({ type: 'createIndexes', db, collection: name, uuid: collection.uuid });
    return doc({
      createdCollectionAutomatically: existing === undefined,
      numIndexesBefore: int(before),
      numIndexesAfter: int(indexes.length),
      commitQuorum: 'votingMembers',
    });
  });
}

/** True when the same index is there; throws when another stands in its way. */
function alreadyThere(indexes: IndexSpec[], spec: IndexSpec): boolean {
  for (const index of indexes) {
    const sameKey = equalKeys(index.key, spec.key);
    const samePartial =
      index.partial && spec.partial ? equal(index.partial, spec.partial) : index.partial === spec.partial;
    const sameOptions = index.unique === spec.unique && index.sparse === spec.sparse && samePartial;
    if (index.name === spec.name) {
      if (sameKey && (sameOptions || index.name === '_id_')) return true;
      const [wanted, there] = [show(describeIndex(spec)), show(describeIndex(index))];
      const code = sameKey && samePartial ? 'IndexOptionsConflict' : 'IndexKeySpecsConflict';
      throw mongoError(code, `An existing index has the name of the requested index ${wanted}: ${there}`);
    }
    const renamed = sameKey && samePartial;
    ensure(!renamed, 'IndexOptionsConflict', `Index already exists with a different name: ${index.name}`);
  }
  return false;
}

/** True for the same paths in the same order with the same directions. */
export function equalKeys(a: Doc, b: Doc): boolean {
  const [left, right] = [[...a], [...b]];
  return left.length === right.length && left.every(([path, v], i) => path === right[i]?.[0] && equal(v, right[i][1]));
}

function parseSpec(entry: Doc): IndexSpec {
  for (const field of entry.keys())
    ensure(KNOWN.includes(field), 197, `The embedded database does not support the index option '${field}'`);
  const [key, name, partial] = [entry.get('key'), entry.get('name'), entry.get('partialFilterExpression')];
  const flag = (option: string): boolean => boolField(entry, 'createIndexes.indexes', option) ?? false;
  ensure(isDoc(key) && key.size > 0, 'CannotCreateIndex', 'Index keys cannot be empty.');
  ensure(typeof name === 'string' && name !== '', 'FailedToParse', "An index needs a 'name'");
  for (const [path, direction] of key) checkKeyPart(path, direction);
  ensure((asNumber(entry.get('v')) ?? 2) === 2, 'CannotCreateIndex', 'Only index version 2 is supported');
  ensure(!flag('hidden'), 197, 'The embedded database does not support hidden indexes');
  ensure(partial === undefined || isDoc(partial), 'TypeMismatch', "'partialFilterExpression' must be an object");
  if (partial) checkPartial(partial);
  const [unique, sparse] = [flag('unique'), flag('sparse')];
  ensure(!sparse || !partial, 'CannotCreateIndex', "cannot mix 'partialFilterExpression' and 'sparse' options");
  return { name, key, unique, sparse, ...(partial === undefined ? {} : { partial }) };
}

function checkKeyPart(path: string, direction: Value): void {
  const usable = !path.split('.').includes('') && !path.startsWith('$') && !path.includes('$**');
  ensure(usable, 'CannotCreateIndex', `An index needs a path, and there are no wildcard indexes: '${path}'`);
  const number = asNumber(direction) || undefined;
  ensure(number, 'CannotCreateIndex', `The embedded database has no index type ${show(direction)}: ${path}`);
}

function checkPartial(v: Value): void {
  if (Array.isArray(v)) v.forEach(checkPartial);
  if (!isDoc(v)) return;
  for (const [name, operand] of v) {
    const known = name === '$exists' ? operand === true || asNumber(operand) === 1 : PARTIAL_OPERATORS.includes(name);
    ensure(known || !name.startsWith('$'), 'CannotCreateIndex', `Expression not supported in partial index: ${name}`);
    checkPartial(operand);
  }
}
