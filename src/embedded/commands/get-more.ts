import { ensure } from '../errors';
import { countField, stringField, wrongType, type Command } from './invocation';

export const getMore: Command = {
  fields: ['collection', 'batchSize', 'term', 'lastKnownCommittedOpTime'],
  transactional: true,
  async run(invocation) {
    const { body, engine, db, transaction } = invocation;
    const id = body.get('getMore');
    if (typeof id !== 'bigint') throw wrongType('getMore', 'getMore', id ?? null, 'long');
    const ns = `${db}.${stringField(body, 'getMore', 'collection') ?? ''}`;
    const size = countField(body, 'getMore', 'batchSize') ?? 0;
    const maxTimeMs = countField(body, 'getMore', 'maxTimeMS');
    const cursor = engine.cursors.get(id);
    ensure(
      cursor.ns === ns,
      'Unauthorized',
      `Requested getMore on namespace '${ns}', but the cursor is of ${cursor.ns}`,
    );
    const inside = cursor.transaction === transaction;
    ensure(inside, 'BadValue', `Cursor ${id} was not made in the transaction that getMore runs in`);
    const waits = maxTimeMs === undefined || cursor.tailing;
    ensure(waits, 'BadValue', 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
    ensure(!cursor.busy, 12051, `cursor id ${id} is already in use`);
    cursor.busy = true;
    try {
      const batch = await cursor.source.next(size === 0 ? Infinity : size, maxTimeMs);
      if (batch.exhausted) engine.cursors.kill(id);
      const { documents, exhausted, extra } = batch;
      return { body: new Map(), cursor: { field: 'nextBatch', id: exhausted ? 0n : id, ns, documents, extra } };
    } catch (error) {
      engine.cursors.kill(id);
      throw error;
    } finally {
      cursor.busy = false;
      cursor.lastUse = Date.now();
    }
  },
};
