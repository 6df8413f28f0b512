import { CONFIG, isOfKind, type Kind } from '../../stores/shapes';

/** What stands between strings in JSON: words that JSON lacks and Python writes, and numbers. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d+$/;

/** A run's configuration, and what was mended of it, in words. */
export interface ReadConfig {
  config: Record<string, unknown>;
  repairs: string[];
}

/**
 * Reads the text of a `config` column. NaN and the infinities, which Python's json module writes as bare words, and
 * integers that a double can't hold become texts. What is no JSON object at all is kept whole under `unparsed`; a
 * known key whose value has another type than that key takes is converted where that loses nothing, else kept
 * under `unparsed`, too.
 */
export function readConfig(text: string): ReadConfig {
  const repairs: string[] = [];
  const parsed = parse(text, repairs);
  if (parsed === undefined) {
    return {
      config: { unparsed: text },
      repairs: ['config is not a JSON object; its text is kept in config.unparsed'],
    };
  }
  const config: Record<string, unknown> = {};
  const unparsed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(parsed)) {
    const kind: Kind | undefined = Object.hasOwn(CONFIG, key) ? CONFIG[key as keyof typeof CONFIG] : undefined;
    if (kind === undefined || value === null || isOfKind(kind, value)) {
      config[key] = value;
      continue;
    }
    const converted = convert(kind, value);
    if (converted === undefined) {
      unparsed[key] = value;
      repairs.push(`config.${key} is of the wrong type; it is kept in config.unparsed.${key}`);
    } else {
      config[key] = converted;
      repairs.push(`config.${key} is of another type; it was converted`);
    }
  }
  if (Object.keys(unparsed).length > 0) config.unparsed = 'unparsed' in config ? [config.unparsed, unparsed] : unparsed;
  return { config, repairs };
}

function parse(text: string, repairs: string[]): Record<string, unknown> | undefined {
  let quoted = false;
  const mended = text.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return token;
    const isExact = Number.isFinite(Number(token)) && (!INTEGER.test(token) || Number.isSafeInteger(Number(token)));
    if (isExact) return token;
    quoted = true;
    return `"${token}"`;
  });
  try {
    const value: unknown = JSON.parse(mended);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    if (quoted) repairs.push('config has numbers that JSON or a double can not hold; they are kept as text');
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function convert(kind: Kind, value: unknown): unknown {
  if (kind === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  if (kind === 'boolean') {
    if (value === 0 || value === 1) return value === 1;
    if (typeof value !== 'string') return undefined;
    const word = value.trim().toLowerCase();
    return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : undefined;
  }
  if (kind === 'strings') return typeof value === 'string' ? [value] : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return isOfKind(kind, number) ? number : undefined;
}
