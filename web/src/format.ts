/** A metric as the API gives it: a number, or one of the three doubles that JSON lacks. */
export type MetricValue = number | 'NaN' | 'Infinity' | '-Infinity';

/** A metric as a double. */
export function toNumber(value: MetricValue): number {
  return typeof value === 'number' ? value : Number(value);
}

/** A measured value in at most five significant digits: 0.26803, 12.5, 3.2e-6, NaN, ∞. */
export function formatMetric(value: MetricValue | null | undefined): string {
  if (value === null || value === undefined) return '';
  const number = toNumber(value);
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number > 0 ? '∞' : '−∞';
  if (number === 0) return '0';
  const size = Math.abs(number);
  if (size < 1e-4 || size >= 1e6) {
    const [digits, exponent] = number.toExponential(2).split('e');
    return minus(`${withoutTail(digits!)}e${exponent!.replace('+', '')}`);
  }
  if (Number.isInteger(number)) return minus(formatCount(number));
  return minus(size >= 1000 ? number.toFixed(1) : withoutTail(number.toPrecision(size < 0.01 ? 3 : 5)));
}

/** A decimal without the zeros at its end. */
function withoutTail(decimal: string): string {
  return decimal.replace(/(\.\d*?[1-9])0+$|\.0+$/, '$1');
}

/** The same with every value of a column in as many decimals, so that the points stand under each other. */
export function formatLoss(value: MetricValue | null | undefined): string {
  if (typeof value !== 'number') return formatMetric(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? formatMetric(value) : minus(value.toFixed(4));
}

/** A value read off a chart: always four significant digits, so that it doesn't jump about while the pointer moves. */
export function formatReading(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return formatMetric(wordOf(value));
  if (size < 1e-3 || size >= 1e5) return formatMetric(value);
  return minus(Number.isInteger(value) ? formatCount(value) : value.toPrecision(4));
}

function wordOf(value: number): MetricValue {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function minus(text: string): string {
  return text.replaceAll('-', '−');
}

const THIN_SPACE = ' ';

/** A count with its thousands set apart. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, THIN_SPACE);
}

/** "1 run", "12 runs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A span of time in its two largest units: "33 h 12 min", "41 s". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const start = units.findIndex(([size]) => seconds >= size);
  const [large, small] = [units[start]!, units[start + 1]];
  const first = Math.floor(seconds / large[0]);
  const second = small ? Math.floor((seconds - first * large[0]) / small[0]) : 0;
  return `${first} ${large[1]}${small && second > 0 ? ` ${second} ${small[1]}` : ''}`;
}

/** How long ago: "just now", "4 min ago", "3 d ago". `now` and the result of Date.parse in milliseconds. */
export function formatAgo(instant: string, now: number): string {
  const seconds = (now - Date.parse(instant)) / 1000;
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  if (seconds < 86_400 * 45) return `${Math.floor(seconds / 86_400)} d ago`;
  return formatDate(instant);
}

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DAY_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** "20 Oct 2025". */
export function formatDate(instant: string): string {
  return DATE.format(new Date(instant));
}

/** "20 Oct", for where there is no room for more. */
export function formatDay(instant: string): string {
  return DAY.format(new Date(instant));
}

/** "20 Oct 2025, 16:41", in the reader's time zone. */
export function formatInstant(instant: string): string {
  return DATE_TIME.format(new Date(instant));
}

/** A start in a list: with the hour where it is recent, with the year where it is old. */
export function formatStart(instant: string, now: number): string {
  const date = new Date(instant);
  return now - date.getTime() < 86_400_000 * 180 ? DAY_TIME.format(date) : DATE.format(date);
}

/** Any value of an open object as one line. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : formatMetric(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.map(formatValue).join(', ');
  return JSON.stringify(value);
}

/** Megabytes: "84.2 MB", "1.3 GB". */
export function formatMegabytes(size: number): string {
  return size >= 1000 ? `${(size / 1000).toFixed(1)} GB` : `${size >= 100 ? Math.round(size) : size.toFixed(1)} MB`;
}

/** An open object as sorted pairs of a dotted path and a value that is no object. */
export function flatten(object: Record<string, unknown>, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
    const path = prefix + key;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && Object.keys(value).length > 0
      ? flatten(value as Record<string, unknown>, `${path}.`)
      : [[path, value]];
  });
}
