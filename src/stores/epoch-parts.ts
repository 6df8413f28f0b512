import type { ClientSession, Collection, Document, ObjectId } from 'mongodb';
import { wholeAnswer } from './collections';

/** Epochs of one command: an experiment may have 100,000, and others wait while a command is carried out. */
const PART = 1000;

/**
 * Fields of all epochs of an experiment, in order of their numbers and in parts. Whatever another program stored under a
 * number that is none is left out.
 */
export async function* epochsInParts(
  epochs: Collection<Document>,
  experimentId: ObjectId,
  fields: Record<string, 1>,
  session?: ClientSession,
): AsyncGenerator<Document[]> {
  for (let from: Document = { $gte: 0 }; ;) {
    const rows = await epochs
      .find(
        { experiment_id: experimentId, epoch: from },
        { ...wholeAnswer(), projection: { _id: 0, epoch: 1, ...fields }, ...(session ? { session } : {}) },
      )
      .sort({ epoch: 1 })
      .limit(PART)
      .toArray();
    if (rows.length > 0) yield rows;
    if (rows.length < PART) return;
    from = { $gt: rows.at(-1)!.epoch as number };
  }
}
