const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const HEX = Buffer.from('0123456789abcdef');
const DAY_MS = 86_400_000;
/** The first and the last day of the years 0 to 9999, in days since 1970: their dates have 24 characters. */
const FIRST_DAY = -719_528;
const LAST_DAY = 2_932_896;
const FIRST_SIZE = 64 * 1024;
/** A buffer that one large answer made is not kept beyond this. */
const LARGEST_KEPT = 4 * 1024 * 1024;
/** Texts up to this length are copied character by character, which beats a call into the runtime. */
const SHORT = 64;

/**
 * JSON written as bytes of UTF-8 into one growing buffer, exactly as JSON.stringify would write it. One writer serves any
 * number of answers, one after another: nothing may be awaited between `begin` and `end`.
 */
export class JsonBytes {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_SIZE);
  length = 0;
  /** The day last written, and its bytes: the dates of one answer lie close together. */
  private day = NaN;
  private readonly dayBytes = Buffer.alloc(11);

  /** Begins an answer; what was written before is gone. */
  begin(): void {
    this.length = 0;
  }

  /** The bytes of the answer, which are the caller's from here on. */
  end(): Buffer {
    const written = Buffer.from(this.bytes.subarray(0, this.length));
    if (this.bytes.length > LARGEST_KEPT) this.bytes = Buffer.allocUnsafe(FIRST_SIZE);
    this.length = 0;
    return written;
  }

  /** Makes room for as many bytes more. To be called before `bytes` is written to directly. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Bytes that are JSON already. */
  copy(source: Uint8Array, from = 0, to = source.length): void {
    const count = to - from;
    this.reserve(count);
    if (count <= SHORT) {
      const { bytes } = this;
      let at = this.length;
      for (let index = from; index < to; index++) bytes[at++] = source[index]!;
    } else {
      this.bytes.set(source.subarray(from, to), this.length);
    }
    this.length += count;
  }

  /** Characters of ASCII that are JSON already. */
  ascii(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < length; index++) bytes[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** A finite number; what JSON has no number for is null, as JSON.stringify has it. */
  number(value: number): void {
    if (value === (value | 0)) this.integer(value);
    else this.ascii(Number.isFinite(value) ? String(value) : 'null');
  }

  /** An integer of 32 bits. */
  private integer(value: number): void {
    this.reserve(11);
    const { bytes } = this;
    let left = value;
    if (left < 0) {
      bytes[this.length++] = 0x2d;
      left = -left;
    }
    let digits = 1;
    for (let power = 10; power <= left; power *= 10) digits++;
    let at = (this.length += digits);
    do {
      const rest = Math.floor(left / 10);
      bytes[--at] = ZERO + left - rest * 10;
      left = rest;
    } while (left > 0);
  }

  /** A text, quoted. */
  string(text: string): void {
    const { length } = text;
    if (length > SHORT) return this.encoded(JSON.stringify(text));
    this.reserve(length + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        return this.encoded(JSON.stringify(text));
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.length = at;
  }

  /** Bytes as hexadecimal digits, quoted. */
  hex(source: Uint8Array, from: number, to: number): void {
    this.reserve(2 * (to - from) + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let index = from; index < to; index++) {
      const value = source[index]!;
      bytes[at++] = HEX[value >> 4]!;
      bytes[at++] = HEX[value & 15]!;
    }
    bytes[at++] = QUOTE;
    this.length = at;
  }

  /** An instant in milliseconds since 1970, as Date.prototype.toISOString writes it, quoted. It must be a valid one. */
  date(ms: number): void {
    const day = Math.floor(ms / DAY_MS);
    if (day < FIRST_DAY || day > LAST_DAY) return this.string(new Date(ms).toISOString());
    if (day !== this.day) {
      this.dayBytes.write(new Date(ms).toISOString(), 'latin1');
      this.day = day;
    }
    this.reserve(26);
    const { bytes, dayBytes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let index = 0; index < 11; index++) bytes[at++] = dayBytes[index]!;
    let left = ms - day * DAY_MS;
    const hours = Math.floor(left / 3_600_000);
    left -= hours * 3_600_000;
    const minutes = Math.floor(left / 60_000);
    left -= minutes * 60_000;
    const seconds = Math.floor(left / 1000);
    left -= seconds * 1000;
    bytes[at++] = ZERO + Math.floor(hours / 10);
    bytes[at++] = ZERO + (hours % 10);
    bytes[at++] = 0x3a;
    bytes[at++] = ZERO + Math.floor(minutes / 10);
    bytes[at++] = ZERO + (minutes % 10);
    bytes[at++] = 0x3a;
    bytes[at++] = ZERO + Math.floor(seconds / 10);
    bytes[at++] = ZERO + (seconds % 10);
    bytes[at++] = 0x2e;
    bytes[at++] = ZERO + Math.floor(left / 100);
    bytes[at++] = ZERO + (Math.floor(left / 10) % 10);
    bytes[at++] = ZERO + (left % 10);
    bytes[at++] = 0x5a;
    bytes[at++] = QUOTE;
    this.length = at;
  }

  /**
   * A text that is UTF-8 already, quoted. False, with nothing written, where it holds what is to be escaped or is not of
   * ASCII: it may not be UTF-8 at all then.
   */
  plainText(source: Uint8Array, from: number, to: number): boolean {
    this.reserve(to - from + 2);
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = QUOTE;
    for (let index = from; index < to; index++) {
      const byte = source[index]!;
      if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.length = at;
    return true;
  }

  /** Any value as JSON.stringify writes it. */
  json(value: unknown): void {
    this.encoded(JSON.stringify(value) ?? 'null');
  }

  private encoded(text: string): void {
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }
}
