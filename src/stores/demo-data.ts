import { ObjectId, type Document, type Filter, type WithId } from 'mongodb';
import type { SubjectInput } from '../../types/inputs/SubjectInput';
import type { Database } from './database';
import type { ExperimentLifecycle } from './experiment-lifecycle';
import type { SubjectStore, UpsertResult } from './subjects';
import { withinTime } from './time-limits';

/** The field that marks experiments and subjects of the demo laboratory: the moment that its story is told from. */
export function demoMark(asOf: Date): { demo: { as_of: Date } } {
  return { demo: { as_of: asOf } };
}

const MARKED: Filter<Document> = { 'demo.as_of': { $type: 'date' } };

/** Finds and removes the demo laboratory; nothing without its mark is touched. */
export class DemoData {
  constructor(
    private readonly database: Database,
    private readonly lifecycle: ExperimentLifecycle,
    private readonly subjects: SubjectStore,
  ) {}

  /** The moment that a stored demo laboratory is told from; undefined where there is none. */
  async asOf(): Promise<Date | undefined> {
    const { subjects, experiments } = this.database.collections;
    for (const collection of [subjects, experiments]) {
      const found: WithId<Document> | null = await collection.findOne(MARKED, { projection: { demo: 1 } });
      if (found) return (found.demo as { as_of: Date }).as_of;
    }
    return undefined;
  }

  /**
   * Stores subjects of the demo under these ids. They are marked before they have anything else, so that an interrupted
   * call leaves none that `remove` would not find. One that is stored without the mark is somebody's own and stays.
   */
  async addSubjects(inputs: readonly (SubjectInput & { id: string })[], asOf: Date): Promise<UpsertResult[]> {
    const { subjects } = this.database.collections;
    await withinTime(
      subjects.bulkWrite(
        inputs.map(({ id, subjectId }) => ({
          updateOne: {
            filter: { subject_id: subjectId },
            update: { $setOnInsert: { _id: new ObjectId(id), ...demoMark(asOf) } },
            upsert: true,
          },
        })),
        { ordered: false },
      ),
    );
    const ids = inputs.map(({ subjectId }) => subjectId);
    const marked = await subjects.distinct('subject_id', { ...MARKED, subject_id: { $in: ids } });
    return this.subjects.upsert(
      inputs.filter(({ subjectId }) => marked.includes(subjectId)).map(({ id: _id, ...input }) => input),
    );
  }

  /** Removes everything, experiments with their epochs and checkpoints. Interrupted, it can be repeated. */
  async remove(): Promise<{ experiments: number; epochs: number; checkpoints: number; subjects: number }> {
    const { experiments, subjects } = this.database.collections;
    const removed = { experiments: 0, epochs: 0, checkpoints: 0, subjects: 0 };
    const ids = await experiments.find(MARKED, { projection: { _id: 1 } }).toArray();
    for (const { _id } of ids) {
      const { deletedEpochs, deletedCheckpoints } = await this.lifecycle.delete(_id);
      removed.experiments++;
      removed.epochs += deletedEpochs;
      removed.checkpoints += deletedCheckpoints;
    }
    removed.subjects = (await withinTime(subjects.deleteMany(MARKED))).deletedCount;
    return removed;
  }
}
