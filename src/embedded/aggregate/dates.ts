import { MongoError, mongoError } from '../errors';

const DAY = 86_400_000;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** The offset in milliseconds of a time zone given as UTC, GMT or ±hh[:mm]; named zones are refused. */
export function zoneOffset(zone: string): number {
  if (/^(UTC|GMT|Z)$/i.test(zone)) return 0;
  const parts = /^([-+])(\d\d):?(\d\d)?$/.exec(zone);
  if (!parts)
    throw new MongoError(
      40485,
      `unrecognized time zone identifier: "${zone}" (the embedded database knows UTC, GMT and ±hh:mm)`,
    );
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return (parts[1] === '-' ? -1 : 1) * minutes * 60_000;
}

/** Day of the year, from 1. */
export function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY) + 1;
}

/** ISO week (1 to 53) and the year that it belongs to. */
export function isoWeek(local: Date): { week: number; year: number } {
  const thursday = new Date(local.getTime() + (3 - ((local.getUTCDay() + 6) % 7)) * DAY);
  return { week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, year: thursday.getUTCFullYear() };
}

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

/** `$dateToString` of a moment, shifted by `offset` milliseconds; throws 18536 for an unknown format character. */
export function formatDate(date: Date, format: string, offset: number): string {
  const local = new Date(date.getTime() + offset);
  const minutes = Math.abs(offset) / 60_000;
  return format.replace(/%(.?)/gs, (_all, letter: string) => {
    switch (letter) {
      case 'Y':
        return pad(local.getUTCFullYear(), 4);
      case 'm':
        return pad(local.getUTCMonth() + 1, 2);
      case 'd':
        return pad(local.getUTCDate(), 2);
      case 'H':
        return pad(local.getUTCHours(), 2);
      case 'M':
        return pad(local.getUTCMinutes(), 2);
      case 'S':
        return pad(local.getUTCSeconds(), 2);
      case 'L':
        return pad(local.getUTCMilliseconds(), 3);
      case 'j':
        return pad(dayOfYear(local), 3);
      case 'w':
        return String(local.getUTCDay() + 1);
      case 'u':
        return String(local.getUTCDay() || 7);
      case 'V':
        return pad(isoWeek(local).week, 2);
      case 'G':
        return pad(isoWeek(local).year, 4);
      case 'U':
        return pad(Math.floor((dayOfYear(local) + 6 - local.getUTCDay()) / 7), 2);
      case 'b':
        return MONTHS[local.getUTCMonth()]!.slice(0, 3);
      case 'B':
        return MONTHS[local.getUTCMonth()]!;
      case 'a':
        return WEEKDAYS[local.getUTCDay()]!.slice(0, 3);
      case 'z':
        return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`;
      case 'Z':
        return String(offset / 60_000);
      case '%':
        return '%';
      default:
        throw new MongoError(18536, `Invalid format character '%${letter}' in format string`);
    }
  });
}

/** Parses ISO 8601: a date, or a date and a time with an optional zone (UTC without one). */
export function parseDate(text: string): Date {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[-+]\d\d:?\d\d)?)?$/i.exec(
    text.trim(),
  );
  const zone = (parts?.[3] ?? 'Z').replace(/^([-+]\d\d)(\d\d)$/, '$1:$2');
  const date = new Date(parts ? `${parts[1]}T${parts[2] ?? '00:00'}${zone}` : NaN);
  if (Number.isNaN(date.getTime()))
    throw mongoError('ConversionFailure', `Error parsing date string '${text}'; only ISO 8601 is understood`);
  return date;
}
