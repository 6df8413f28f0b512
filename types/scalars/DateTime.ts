import { GraphQLScalarType, Kind } from 'graphql';
import { invalidLiteral, invalidValue } from './invalid';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const EXPECTED =
  'an RFC 3339 instant with a time zone, such as "2025-10-20T16:41:00.000Z", in the years 0 to 9999 of UTC';

/**
 * Reads an RFC 3339 instant; undefined for anything else: a day that the calendar lacks, say, or an instant that is past
 * the years 0 to 9999 in UTC, in which it would have to come back.
 */
function parseInstant(text: string): Date | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const wallClock = new Date(Date.UTC(year!, month! - 1, day));
  wallClock.setUTCFullYear(year!);
  if (wallClock.getUTCMonth() !== month! - 1 || wallClock.getUTCDate() !== day) return undefined;
  const instant = new Date(text.replace(' ', 'T').toUpperCase());
  const utcYear = instant.getUTCFullYear();
  return utcYear >= 0 && utcYear <= 9999 ? instant : undefined;
}

/** An instant: `Date` inside, RFC 3339 text outside, always UTC with milliseconds on the way out. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'An instant as RFC 3339 text, such as `"2025-10-20T16:41:00.000Z"`. Input must name a time zone (`Z` or `+02:00`), ' +
    'keeps milliseconds, and lies in the years 0 to 9999 of UTC; output is always UTC.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize(value) {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw invalidValue('DateTime', value, 'a valid date');
  },
  parseValue(value) {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    if (!instant) throw invalidValue('DateTime', value, EXPECTED);
    return instant;
  },
  parseLiteral(node) {
    const instant = node.kind === Kind.STRING ? parseInstant(node.value) : undefined;
    if (!instant) throw invalidLiteral('DateTime', node, EXPECTED);
    return instant;
  },
});
