import type { ClientSession, Document, ObjectId, WithId } from 'mongodb';
import type { Experiment } from '../../types/Experiment';
import { notFound } from '../errors';
import { sameContent, valueAt } from './content';
import type { Database } from './database';
import type { DocumentReader } from './documents';
import { inTransaction, type KeyedQueue } from './transactions';
import { assertFits } from './values';

/** What changes of an experiment's document; undefined values are left alone. */
export interface Change {
  $set: Document;
  $unset: Document;
}

/** Fields to set and, where null, to unset; undefined ones are left alone. */
export function assignments(fields: Document): Change {
  const set: Document = {};
  const unset: Document = {};
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    if (value === null) unset[name] = '';
    else if (value !== undefined) set[name] = value;
  }
  return { $set: set, $unset: unset };
}

/** Changes experiments, one at a time each. */
export class ExperimentWriter {
  constructor(
    private readonly database: Database,
    private readonly reader: DocumentReader,
    private readonly queue: KeyedQueue,
  ) {}

  /** Reads an experiment, decides on a change and writes it, in one transaction; an empty change writes nothing. */
  change(
    id: ObjectId,
    decide: (stored: WithId<Document>, session: ClientSession) => Promise<Change>,
  ): Promise<Experiment> {
    const { experiments } = this.database.collections;
    return this.queue.run(id.toHexString(), () =>
      inTransaction(this.database.client, async (session) => {
        const stored = await experiments.findOne({ _id: id }, { session });
        if (!stored) throw notFound('Experiment', id.toHexString());
        const { $set, $unset } = await decide(stored, session);
        for (const [path, value] of Object.entries($set))
          if (sameContent(valueAt(stored, path), value)) delete $set[path];
        for (const path of Object.keys($unset)) if (valueAt(stored, path) === undefined) delete $unset[path];
        if (Object.keys($set).length === 0 && Object.keys($unset).length === 0) return this.reader.experiment(stored);
        const after = await experiments.findOneAndUpdate(
          { _id: id },
          {
            ...(Object.keys($set).length > 0 ? { $set } : {}),
            ...(Object.keys($unset).length > 0 ? { $unset } : {}),
          },
          { session, returnDocument: 'after' },
        );
        assertFits(after!, 'input');
        return this.reader.experiment(after!);
      }),
    );
  }
}
