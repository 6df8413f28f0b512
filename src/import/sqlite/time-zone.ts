import { StartupError } from '../../errors';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** All offsets that zones have had since 1972 change at whole quarters of an hour. */
const SLOT_MS = 15 * MINUTE_MS;
const MAX_CACHED = 200_000;
const OFFSET = /^(?:UTC)?([+-])(\d\d):?(\d\d)$/;

/**
 * Where clocks without a zone stood: an IANA name such as `Europe/Paris`, `UTC`, or an offset such as `+02:00`. Throws a
 * StartupError for any other name.
 */
export class TimeZone {
  private readonly offsetAt: (utc: number) => number;
  private readonly cache = new Map<number, number>();

  constructor(readonly name: string) {
    const fixed = OFFSET.exec(name);
    if (fixed) {
      const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
      const offset = (fixed[1] === '-' ? -minutes : minutes) * MINUTE_MS;
      this.offsetAt = () => offset;
      return;
    }
    let format: Intl.DateTimeFormat;
    try {
      format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    } catch {
      throw new StartupError(
        `${JSON.stringify(name)} is not a time zone. Give a name such as Europe/Paris, UTC, or an offset such as +02:00.`,
      );
    }
    this.offsetAt = (utc) => {
      const part = format.formatToParts(utc).find(({ type }) => type === 'timeZoneName');
      const [, sign, hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(part?.value ?? '') ?? [];
      return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    };
  }

  /** The zone of this machine. */
  static ofMachine(): TimeZone {
    return new TimeZone(Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  /**
   * The instant, in milliseconds since 1970, at which a clock here showed `local`, given as if it were UTC. Of an hour
   * that clocks showed twice it is the first; one that they left out is read as if they had not.
   */
  toUtc(local: number): number {
    const slot = Math.floor(local / SLOT_MS);
    let offset = this.cache.get(slot);
    if (offset === undefined) {
      offset = this.offsetOfLocal(slot * SLOT_MS);
      if (this.cache.size >= MAX_CACHED) this.cache.clear();
      this.cache.set(slot, offset);
    }
    return local - offset;
  }

  private offsetOfLocal(local: number): number {
    const before = this.offsetAt(local - DAY_MS);
    const after = this.offsetAt(local + DAY_MS);
    if (this.offsetAt(local - before) === before) return before;
    return this.offsetAt(local - after) === after ? after : before;
  }
}
