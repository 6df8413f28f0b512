import type { Document } from 'mongodb';
import { Double } from 'mongodb';
import type { MetricSeries } from '../../types/MetricSeries';
import { wholeAnswer } from './collections';
import type { Database } from './database';
import { isPlainObject } from './documents';
import { sampleIndexes } from './downsample';
import { decodeName, encodeName } from './names';
import { isOfKind } from './shapes';

export const SERIES_LIMITS = { default: 1000, max: 10_000, metrics: 250 } as const;

/** A metric's history, whole. */
interface Column {
  epochs: number[];
  values: number[];
}

/** Metric histories of one experiment, by name. */
export type Columns = ReadonlyMap<string, Column>;

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Double) return value.value;
  const type = (value as { _bsontype?: unknown } | null)?._bsontype;
  return type === 'Long' || type === 'Decimal128' ? Number((value as { toString(): string }).toString()) : undefined;
}

/** Reads the histories of metrics as columns, for any number of experiments with one command. */
export class SeriesStore {
  constructor(private readonly database: Database) {}

  /** The histories of the named metrics, or of all where `names` is null, by experiment. */
  async columnsOf(experimentIds: readonly unknown[], names: readonly string[] | null): Promise<Map<string, Columns>> {
    const wanted = names ? Object.fromEntries(names.map((name) => [`metrics.${encodeName(name)}`, 1])) : { metrics: 1 };
    const cursor = this.database.collections.epochs
      .find({ experiment_id: { $in: [...experimentIds] }, epoch: { $gte: -Infinity } } as Document, {
        ...wholeAnswer(),
        projection: { _id: 0, experiment_id: 1, epoch: 1, ...wanted },
      })
      .sort({ experiment_id: 1, epoch: 1 });
    const found = new Map<string, Map<string, Column>>();
    const add = ({ experiment_id, epoch, metrics }: Document): void => {
      if (!isPlainObject(metrics) || !isOfKind('int', epoch)) return;
      const key = String(experiment_id);
      let columns = found.get(key);
      if (!columns) found.set(key, (columns = new Map<string, Column>()));
      for (const [name, stored] of Object.entries(metrics)) {
        const value = numberOf(stored);
        if (value === undefined) continue;
        let column = columns.get(name);
        if (!column) columns.set(name, (column = { epochs: [], values: [] }));
        column.epochs.push(epoch as number);
        column.values.push(value);
      }
    };
    // A promise for each of tens of thousands of documents would cost more than reading them.
    while (await cursor.hasNext()) cursor.readBufferedDocuments().forEach(add);
    return new Map(
      [...found].map(([id, columns]) => [
        id,
        new Map([...columns].map(([name, column]) => [decodeName(name), column])),
      ]),
    );
  }
}

/** Columns as the API gives them: in the order of `names`, or by name where all are asked for. */
export function toSeries(columns: Columns, names: readonly string[] | null, maxPoints: number): MetricSeries[] {
  const order = names ?? [...columns.keys()].sort();
  return order.map((name) => {
    const { epochs, values } = columns.get(name) ?? { epochs: [], values: [] };
    const indexes = sampleIndexes(values, maxPoints);
    return {
      name,
      epochs: indexes.map((index) => epochs[index]!),
      values: indexes.map((index) => values[index]!),
      totalPoints: values.length,
      sampled: indexes.length < values.length,
    };
  });
}
