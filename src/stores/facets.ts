import type { Document } from 'mongodb';
import type { AgeBin } from '../../types/AgeBin';
import type { FacetCount } from '../../types/FacetCount';

/** Values of one facet at most: a list of every tag ever used serves nobody. */
const MAX_VALUES = 1000;

/** The stages that count documents by the value of an expression, most frequent first, ties by value. */
export function countBy(expression: unknown, ...before: Document[]): Document[] {
  return [
    ...before,
    { $group: { _id: expression, count: { $sum: 1 } } },
    { $sort: { count: -1, _id: 1 } },
    { $limit: MAX_VALUES },
  ];
}

/** An expression's value where it is of the type, else null. */
export function ofType(type: string, path: string): Document {
  return { $cond: [{ $eq: [{ $type: path }, type] }, path, null] };
}

/** An expression's value where it is one of these, else null. */
export function among(values: readonly string[], expression: string | Document): Document {
  return { $cond: [{ $in: [expression, [...values]] }, expression, null] };
}

const NUMBERS = ['double', 'int', 'long', 'decimal'];

/** Whether a path holds one number; a list of them is none. */
export function isNumber(path: string): Document {
  return { $in: [{ $type: path }, NUMBERS] };
}

/** A path's value where the API's Int can carry it, else null. */
export function integer(path: string): Document {
  const double = { $toDouble: path };
  // NaN is not at least anything. The comparisons come before the conversions, which fail on other types.
  const isInt = { $and: [isNumber(path), { $gte: [path, -(2 ** 31) + 1] }, { $lt: [path, 2 ** 31] }] };
  return {
    $cond: [isInt, { $cond: [{ $eq: [{ $floor: double }, double] }, { $toInt: double }, null] }, null],
  };
}

/** The values of a list, each once; text alone counts as a list of one, and anything else as none. */
export function eachOnce(path: string): Document[] {
  const texts = { $cond: [{ $isArray: path }, path, [path]] };
  return [
    { $project: { value: { $setUnion: [texts, []] } } },
    { $unwind: '$value' },
    // As an expression: a condition takes a list inside the list for its texts.
    { $match: { $expr: { $eq: [{ $type: '$value' }, 'string'] } } },
  ];
}

/** The counts as the API gives them. */
export function toFacet(rows: readonly Document[], name: (value: unknown) => string = String): FacetCount[] {
  return rows.map(({ _id, count }) => ({ value: _id == null ? null : name(_id), count: count as number }));
}

const MAX_BARS = 200;

/**
 * Bars of one year from counts by whole years, ascending; empty years between them get a bar, too. Where that would be
 * more than 200 bars (an age in days, say), all are made wider by the same whole number of years.
 */
export function toHistogram(counts: readonly (readonly [year: number, count: number])[]): AgeBin[] {
  const [first] = counts;
  if (!first) return [];
  const youngest = first[0];
  const width = Math.ceil((counts.at(-1)![0] - youngest + 1) / MAX_BARS);
  const bars = new Map<number, number>();
  for (const [year, count] of counts) {
    const bar = Math.floor((year - youngest) / width);
    bars.set(bar, (bars.get(bar) ?? 0) + count);
  }
  return Array.from({ length: Math.max(...bars.keys()) + 1 }, (_, bar) => ({
    from: youngest + bar * width,
    to: youngest + (bar + 1) * width,
    count: bars.get(bar) ?? 0,
  }));
}
