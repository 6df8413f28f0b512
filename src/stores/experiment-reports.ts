import type { Document, Filter } from 'mongodb';
import { ExperimentStatus } from '../../types/enums/ExperimentStatus';
import type { Experiment } from '../../types/Experiment';
import type { ExperimentFacets } from '../../types/ExperimentFacets';
import type { QueryPlan } from '../../types/QueryPlan';
import type { ModelTrainingTime } from '../../types/ModelTrainingTime';
import { wholeAnswer } from './collections';
import type { Database } from './database';
import type { RawReader } from './raw/raw-reader';
import { explainPage } from './explain';
import { among, countBy, eachOnce, integer, isNumber, ofType, toFacet } from './facets';
import type { LivenessAt } from './liveness';
import { encodeName } from './names';
import { findPage } from './pages';
import { orderBy, type Order } from './orders';
import type { Projection } from './projections';
import { toMetricName } from './values';

const FACET_FIELDS = { status: 1, challenge: 1, 'model.name': 1, tags: 1, last_heartbeat_at: 1, last_seen_at: 1 };

const STATUSES = Object.values(ExperimentStatus);

/** Only documents with one number at the path: a list, which MongoDB compares by its items, is none. */
function numberAt(path: string, range: Document = { $gte: -Infinity }): Filter<Document> {
  return { $and: [{ [path]: range }, { $expr: isNumber(`$${path}`) }] };
}

/** A metric that experiments are judged by, and which end of it is best. */
export interface Yardstick {
  metric: string;
  direction: 1 | -1;
}

/** Questions about many experiments at once, each answered by one aggregation that reads no epochs. */
export class ExperimentReports {
  constructor(
    private readonly database: Database,
    private readonly raw: RawReader,
  ) {}

  /** The best COMPLETED experiments of a challenge, best first; those without the metric, or with NaN, are left out. */
  async best(
    challenge: number,
    limit: number,
    { metric, direction }: Yardstick,
    fields: Projection = null,
  ): Promise<Experiment[]> {
    const path = `metrics.${encodeName(toMetricName(metric, 'metric'))}`;
    const order = orderBy([{ path, kind: 'number', direction }], { typedOnly: true });
    const filter = { challenge, status: ExperimentStatus.COMPLETED };
    const request = { limit, fields, backward: false, after: null, before: null };
    const page = await findPage(this.collection, filter, order, request, this.raw.experiment);
    return page.items.map(({ node }) => node);
  }

  /** For each challenge, the id of its best COMPLETED experiment, and how many have the metric; by number. */
  async bestPerChallenge({
    metric,
    direction,
  }: Yardstick): Promise<{ challenge: number; id: unknown; count: number }[]> {
    const path = `metrics.${encodeName(toMetricName(metric, 'metric'))}`;
    const rows = await this.aggregate([
      { $match: { $and: [{ status: ExperimentStatus.COMPLETED }, numberAt(path)] } },
      { $project: { challenge: integer('$challenge'), value: `$${path}` } },
      { $match: { challenge: { $ne: null } } },
      { $sort: { challenge: 1, value: direction, _id: direction } },
      { $group: { _id: '$challenge', id: { $first: '$_id' }, count: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ]);
    return rows.map(({ _id, id, count }) => ({
      challenge: _id as number,
      id: id as unknown,
      count: count as number,
    }));
  }

  /** Training times of the experiments under a filter by model, longest mean first. */
  async trainingTimeByModel(filter: Filter<Document>): Promise<ModelTrainingTime[]> {
    const hours = 'metrics.training_time_hours';
    const rows = await this.aggregate([
      { $match: { $and: [filter, numberAt(hours, { $gte: 0, $lte: Number.MAX_VALUE })] } },
      {
        $group: {
          _id: ofType('string', '$model.name'),
          average: { $avg: { $toDouble: `$${hours}` } },
          total: { $sum: { $toDouble: `$${hours}` } },
          count: { $sum: 1 },
        },
      },
      { $sort: { average: -1, _id: 1 } },
    ]);
    return rows.map(({ _id, average, total, count }) => ({
      modelName: _id as string | null,
      averageHours: average as number,
      totalHours: total as number,
      experimentCount: count as number,
    }));
  }

  /** What the experiments under a filter are, in counts. */
  async facets(filter: Filter<Document>, liveness: LivenessAt): Promise<ExperimentFacets> {
    const [found] = await this.aggregate([
      { $match: filter },
      { $project: FACET_FIELDS },
      {
        $facet: {
          total: [{ $count: 'count' }],
          status: countBy(among(STATUSES, { $ifNull: ['$status', ExperimentStatus.RUNNING] })),
          challenge: countBy(integer('$challenge')),
          model: countBy(ofType('string', '$model.name')),
          tag: countBy('$value', ...eachOnce('$tags')),
          liveness: countBy(liveness.expression()),
        },
      },
    ]);
    const rows = found as Record<string, Document[]>;
    const upper = (value: unknown) => String(value).toUpperCase();
    return {
      total: (rows.total![0]?.count as number | undefined) ?? 0,
      byStatus: toFacet(rows.status!, upper),
      byChallenge: toFacet(rows.challenge!),
      byModel: toFacet(rows.model!),
      byTag: toFacet(rows.tag!),
      byLiveness: toFacet(rows.liveness!),
    };
  }

  /** How the database would run the first page of a list. */
  explain(filter: Filter<Document>, order: Order, limit: number): Promise<QueryPlan> {
    return explainPage(this.collection, filter, order, limit);
  }

  private aggregate(pipeline: Document[]): Promise<Document[]> {
    return this.collection.aggregate(pipeline, wholeAnswer()).toArray();
  }

  private get collection() {
    return this.database.collections.experiments;
  }
}
