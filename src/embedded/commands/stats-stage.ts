import { ensure } from '../errors';
import { doc, isDoc, type Doc, type Value } from '../values/value';
import { statistics } from './coll-stats';
import type { Invocation } from './invocation';

/**
 * The documents of a pipeline's first stage when that is $collStats or $indexStats, which Compass and mongosh ask for;
 * undefined when it is another.
 */
export function statsStage(invocation: Invocation, ns: string, stage: Value | undefined): Doc[] | undefined {
  const [name, options] = (isDoc(stage) && [...stage][0]) || [];
  if (name !== '$collStats' && name !== '$indexStats') return undefined;
  const { engine, address } = invocation;
  const collection = engine.catalog.get(ns);
  ensure(collection, 'NamespaceNotFound', `Collection [${ns}] not found.`);
  if (name === '$indexStats') {
    // Uses are not counted.
    const accesses = doc({ ops: 0n, since: engine.startedAt });
    return collection.indexes.map((index) => doc({ name: index.name, key: index.key, host: address, accesses }));
  }
  ensure(isDoc(options), 'TypeMismatch', '$collStats must take a nested object');
  const bad = [...options.keys()].find((option) => option !== 'storageStats' && option !== 'count');
  ensure(bad === undefined, 'InvalidOptions', `The embedded database does not support the option ${bad} of $collStats`);
  const storageStats = statistics(invocation, ns);
  const asked = [...doc({ storageStats, count: storageStats.get('count') })].filter(([option]) => options.has(option));
  return [new Map([...doc({ ns, host: address, localTime: new Date() }), ...asked])];
}
