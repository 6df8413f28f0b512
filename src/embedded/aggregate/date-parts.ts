import { MongoError } from '../errors';
import { int, ObjectId, Timestamp, typeName, type Value } from '../values/value';
import { dayOfYear, isoWeek } from './dates';

/** The moment of a date, a timestamp or an ObjectId; throws 16006 for anything else. */
export function momentOf(v: Value): Date {
  if (v instanceof Date) return v;
  if (v instanceof Timestamp) return new Date(v.t * 1000);
  if (v instanceof ObjectId) return v.getTimestamp();
  throw new MongoError(16006, `can't convert from BSON type ${typeName(v)} to Date`);
}

/** The parts of a date by operator; the date is already shifted to its zone. */
export const DATE_PARTS: Record<string, (local: Date) => Value> = {
  $year: (d) => int(d.getUTCFullYear()),
  $month: (d) => int(d.getUTCMonth() + 1),
  $dayOfMonth: (d) => int(d.getUTCDate()),
  $dayOfWeek: (d) => int(d.getUTCDay() + 1),
  $dayOfYear: (d) => int(dayOfYear(d)),
  $hour: (d) => int(d.getUTCHours()),
  $minute: (d) => int(d.getUTCMinutes()),
  $second: (d) => int(d.getUTCSeconds()),
  $millisecond: (d) => int(d.getUTCMilliseconds()),
  $isoDayOfWeek: (d) => int(d.getUTCDay() || 7),
  $isoWeek: (d) => int(isoWeek(d).week),
  $isoWeekYear: (d) => BigInt(isoWeek(d).year),
  $week: (d) => int(Math.floor((dayOfYear(d) + 6 - d.getUTCDay()) / 7)),
};
