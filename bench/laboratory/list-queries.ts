import type { Document, Filter, ObjectId } from 'mongodb';
import type { ExperimentFilter } from '../../types/inputs/ExperimentFilter';
import { ExperimentOrderField } from '../../types/enums/ExperimentOrderField';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import { OrderDirection } from '../../types/enums/OrderDirection';
import { SubjectOrderField } from '../../types/enums/SubjectOrderField';
import { CHECKPOINT_ORDER } from '../../src/stores/checkpoints';
import type { CollectionName } from '../../src/stores/collections';
import { EPOCH_ORDER } from '../../src/stores/epochs';
import { EXPERIMENT_ORDER } from '../../src/stores/experiments';
import { experimentFilter } from '../../src/stores/filters';
import { Liveness } from '../../src/stores/liveness';
import { experimentOrder, subjectOrder } from '../../src/stores/order-input';
import { orderBy, type Order } from '../../src/stores/orders';
import { SUBJECT_ORDER } from '../../src/stores/subjects';
import { NEWEST_START } from './documents';

/** A page of a list that the server reads, and the indexes that may serve it. */
export interface ListQuery {
  /** As docs/indexes.md names it. */
  what: string;
  collection: CollectionName;
  filter: Filter<Document>;
  order: Order;
  /**
   * Names of indexes, the one that it is there for first: a planner may find another as good for the data. None: the
   * order is sorted in memory on purpose.
   */
  indexes: readonly string[];
}

/** Liveness, as of the time of the laboratory. */
const LIVENESS = new Liveness(5 * 60_000).at(NEWEST_START);

const NEWEST = 'start_time_-1__id_-1';
const BY_STATUS = 'status_1_start_time_-1__id_-1';
const BY_STATUS_AND_ID = 'status_1__id_1';
const BEST = 'metrics.best_val_loss_1__id_1';

const { ASC, DESC } = OrderDirection;
const { RUNNING, COMPLETED, FAILED, STOPPED } = ExperimentStatus;

function experiments(what: string, filter: ExperimentFilter, order: Order, indexes: readonly string[]): ListQuery {
  return { what, collection: 'experiments', filter: experimentFilter(filter, LIVENESS), order, indexes };
}

function by(field: ExperimentOrderField, direction = ASC): Order {
  return experimentOrder([{ field, direction }], LIVENESS)!;
}

/** Every kind of list page, for a laboratory of `fillLaboratory` that holds this experiment with its children's parent. */
export function listQueries({ run, parent }: { run: ObjectId; parent: ObjectId }): ListQuery[] {
  const newest = EXPERIMENT_ORDER;
  const bestFirst = by(ExperimentOrderField.BEST_VAL_LOSS);
  const weekAgo = new Date(NEWEST_START.getTime() - 7 * 86_400_000);
  return [
    experiments('all, newest first', {}, newest, [NEWEST]),
    experiments('all, oldest first', {}, by(ExperimentOrderField.START_TIME), [NEWEST]),
    experiments('running, newest first', { status: [RUNNING] }, newest, [BY_STATUS, 'status_1', NEWEST]),
    experiments('failed, newest first', { status: [FAILED] }, newest, [BY_STATUS]),
    experiments('failed or stopped, newest first', { status: [FAILED, STOPPED] }, newest, [BY_STATUS]),
    experiments('completed, newest first', { status: [COMPLETED] }, newest, [BY_STATUS, NEWEST]),
    experiments('of a challenge, newest first', { challenge: { eq: 2 } }, newest, [NEWEST]),
    experiments('with a common tag, newest first', { tags: { any: ['baseline'] } }, newest, [NEWEST, 'tags_1']),
    experiments('with a rare tag, newest first', { tags: { any: ['sweep-003'] } }, newest, ['tags_1']),
    experiments('of a rare model, newest first', { modelName: { eq: 'ATCNet' } }, newest, [
      'model.name_1_start_time_-1__id_-1',
    ]),
    experiments('of one person, newest first', { createdBy: { eq: 'igor' } }, newest, [
      'created_by_1_start_time_-1__id_-1',
    ]),
    experiments('on one machine, newest first', { hostname: { eq: 'gpu-3' } }, newest, [NEWEST]),
    experiments('of a release, newest first', { releases: { any: ['R3'] } }, newest, [
      'dataset.releases_1_start_time_-1__id_-1',
      NEWEST,
    ]),
    experiments('of a name, newest first', { name: { eq: 'a name' } }, newest, [
      'experiment_name_1_start_time_-1',
      'experiment_name_1__id_1',
    ]),
    experiments('that continue a run, newest first', { parentId: parent.toHexString() }, newest, [
      'parent_experiment_id_1_start_time_-1__id_-1',
    ]),
    experiments('started in the last week, newest first', { startTime: { gte: weekAgo } }, newest, [NEWEST]),
    experiments(
      'completed on a CPU in the last week, newest first',
      { config: [{ path: 'device', eq: 'cpu' }], startTime: { gte: weekAgo }, status: [COMPLETED] },
      newest,
      [NEWEST, BY_STATUS, 'start_time_-1'],
    ),
    experiments('that hold a text, newest first', { search: 'autumn' }, newest, [NEWEST]),
    experiments('all, best first', {}, bestFirst, [BEST]),
    experiments('all, worst first', {}, by(ExperimentOrderField.BEST_VAL_LOSS, DESC), [BEST]),
    experiments('of a challenge and completed, best first', { challenge: { eq: 2 }, status: [COMPLETED] }, bestFirst, [
      BEST,
    ]),
    experiments('failed, best first', { status: [FAILED] }, bestFirst, [BEST, 'status_1', BY_STATUS]),
    {
      what: 'the best runs of a challenge (bestExperiments)',
      collection: 'experiments',
      filter: { challenge: 2, status: COMPLETED },
      order: orderBy([{ path: 'metrics.best_val_loss', kind: 'number', direction: 1 }], { typedOnly: true }),
      indexes: [BEST],
    },
    experiments('all, lately ended first', {}, by(ExperimentOrderField.END_TIME, DESC), ['end_time_-1__id_-1']),
    experiments('all, by name', {}, by(ExperimentOrderField.NAME), ['experiment_name_1__id_1']),
    experiments('all, alive first', {}, by(ExperimentOrderField.LIVENESS), [BY_STATUS_AND_ID, BY_STATUS, 'status_1']),
    experiments('all, finished first', {}, by(ExperimentOrderField.LIVENESS, DESC), [BY_STATUS_AND_ID, '_id_']),
    experiments('all, by status', {}, by(ExperimentOrderField.STATUS), [BY_STATUS_AND_ID]),
    experiments('all, by the metric best_val_loss', {}, experimentOrder([{ metric: 'best_val_loss' }], LIVENESS)!, [
      BEST,
    ]),
    experiments('all, by challenge', {}, by(ExperimentOrderField.CHALLENGE), []),
    experiments('all, by model', {}, by(ExperimentOrderField.MODEL_NAME), []),
    experiments('all, lately seen first', {}, by(ExperimentOrderField.LAST_SEEN_AT, DESC), []),
    experiments('all, most epochs first', {}, by(ExperimentOrderField.TOTAL_EPOCHS, DESC), []),
    experiments('all, by best epoch', {}, by(ExperimentOrderField.BEST_EPOCH), []),
    experiments('all, longest first', {}, by(ExperimentOrderField.TRAINING_TIME_HOURS, DESC), []),
    experiments('all, by any metric', {}, experimentOrder([{ metric: 'final_val_loss' }], LIVENESS)!, []),
    experiments('all, by a path in config', {}, experimentOrder([{ configPath: 'learning_rate' }], LIVENESS)!, []),
    experiments(
      'all, by two keys',
      {},
      experimentOrder(
        [{ field: ExperimentOrderField.CHALLENGE }, { field: ExperimentOrderField.BEST_VAL_LOSS }],
        LIVENESS,
      )!,
      [],
    ),
    {
      what: 'the epochs of a run',
      collection: 'epochs',
      filter: { experiment_id: run },
      order: EPOCH_ORDER,
      indexes: ['experiment_id_1_epoch_1'],
    },
    {
      what: 'the checkpoints of a run',
      collection: 'checkpoints',
      filter: { experiment_id: run },
      order: CHECKPOINT_ORDER,
      indexes: ['experiment_id_1_epoch_-1', 'experiment_id_1'],
    },
    {
      what: 'the best checkpoint of a run',
      collection: 'checkpoints',
      filter: { experiment_id: run, is_best: true },
      order: CHECKPOINT_ORDER,
      indexes: ['one_best_per_experiment', 'experiment_id_1_epoch_-1', 'experiment_id_1'],
    },
    { what: 'all subjects', collection: 'subjects', filter: {}, order: SUBJECT_ORDER, indexes: ['subject_id_1'] },
    {
      what: 'the subjects of a run',
      collection: 'subjects',
      filter: { releases: { $in: ['R3', 'R12'] } },
      order: SUBJECT_ORDER,
      indexes: ['releases_1_subject_id_1', 'subject_id_1'],
    },
    {
      what: 'the subjects of a split',
      collection: 'subjects',
      filter: { 'splits.challenge1_split': 'val' },
      order: SUBJECT_ORDER,
      indexes: ['subject_id_1', 'splits.challenge1_split_1'],
    },
    {
      what: 'all subjects, by age',
      collection: 'subjects',
      filter: {},
      order: subjectOrder([{ field: SubjectOrderField.AGE }])!,
      indexes: ['age_1__id_1'],
    },
    {
      what: 'all subjects, by a score',
      collection: 'subjects',
      filter: {},
      order: subjectOrder([{ phenotypic: 'p_factor' }])!,
      indexes: [],
    },
  ];
}
