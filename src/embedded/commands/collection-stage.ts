import { MongoError, mongoError } from '../errors';
import { doc, int, isDoc, type Doc, type Value } from '../values/value';
import { collectionStatistics } from './coll-stats';
import type { Invocation } from './invocation';

const COLL_STATS = ['storageStats', 'count'];

/**
 * The documents of a pipeline's first stage when that is $collStats or $indexStats, which Compass and mongosh ask for;
 * undefined when it is another.
 */
export function collectionStage(invocation: Invocation, ns: string, stage: Value | undefined): Doc[] | undefined {
  if (!isDoc(stage)) return undefined;
  if (stage.has('$collStats')) return [collStats(invocation, ns, stage.get('$collStats') as Value)];
  if (stage.has('$indexStats')) return indexStats(invocation, ns);
  return undefined;
}

function collStats(invocation: Invocation, ns: string, options: Value): Doc {
  if (!isDoc(options)) throw mongoError('TypeMismatch', '$collStats must take a nested object');
  for (const option of options.keys()) {
    if (!COLL_STATS.includes(option)) {
      throw mongoError('InvalidOptions', `The embedded database does not support the option ${option} of $collStats`);
    }
  }
  if (invocation.engine.catalog.get(ns) === undefined) {
    throw mongoError(
      'NamespaceNotFound',
      `Unable to retrieve storageStats in $collStats stage: Collection [${ns}] not found.`,
    );
  }
  const statistics = collectionStatistics(invocation, ns);
  const made = doc({ ns, host: invocation.address, localTime: new Date() });
  if (options.has('storageStats')) made.set('storageStats', statistics);
  if (options.has('count')) made.set('count', statistics.get('count') as Value);
  return made;
}

function indexStats(invocation: Invocation, ns: string): Doc[] {
  const { engine, address } = invocation;
  const collection = engine.catalog.get(ns);
  if (collection === undefined) throw new MongoError(26, `ns does not exist: ${ns}`);
  // Uses are not counted.
  const accesses = doc({ ops: 0n, since: engine.startedAt });
  return collection.indexes.map(({ name, key }) => doc({ name, key, host: address, accesses, v: int(2) }));
}
