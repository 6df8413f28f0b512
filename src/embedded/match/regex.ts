import { ensure, MongoError } from '../errors';

/** mongod's code for a pattern that does not compile. */
const INVALID_REGEX = 51091;

/** What has no counterpart in JavaScript: other groups than (?: (?= (?! (?<= (?<! (?<name> , verbs, possessive marks. */
const UNSUPPORTED = /^(?:\(\?(?!:|=|!|<=|<!|<[A-Za-z_]\w*>)|\(\*|[*+?}]\+|\\[QEGKRXCNVHLUgcpPkzhuxo0-9]|\\$)/;

/** Parts of PCRE's syntax that JavaScript writes otherwise. */
const TRANSLATED = new Map([
  ['\\A', '(?<![\\s\\S])'],
  ['\\z', '(?![\\s\\S])'],
  ['\\Z', '(?=\\n?(?![\\s\\S]))'],
  ['\\s', '[ \\t\\n\\v\\f\\r]'],
  ['\\S', '[^ \\t\\n\\v\\f\\r]'],
]);

/** A character class, whose brackets JavaScript wants escaped; POSIX classes are refused. */
function translateClass(pattern: string, start: number): { text: string; end: number } {
  const found = /^\[(\^?)(\]?(?:\\[\s\S]|\[(?![:.=])|[^\]\\[])*)\]/.exec(pattern.slice(start));
  if (!found) throw unsupported(pattern.slice(start, start + 6), pattern);
  const body = found[2]!.replace(/\\[\s\S]|[[\]]/g, (c) => (c.length === 1 ? `\\${c}` : c));
  return { text: `[${found[1]}${body}]`, end: start + found[0].length };
}

function unsupported(what: string, pattern: string): MongoError {
  return new MongoError(INVALID_REGEX, `Regular expression is not supported here: ${what} in /${pattern}/`);
}

/** Translates the parts of PCRE syntax in which it differs from JavaScript's, and refuses what has no counterpart. */
function translate(pattern: string, options: string): string {
  const end = options.includes('m') ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))';
  let out = '';
  for (let i = 0; i < pattern.length;) {
    const c = pattern[i]!;
    const pair = pattern.slice(i, i + 2);
    const bad = UNSUPPORTED.exec(pattern.slice(i, i + 40));
    if (bad && !TRANSLATED.has(pair)) throw unsupported(pattern.slice(i, i + 4), pattern);
    if (c === '[') {
      const { text, end: next } = translateClass(pattern, i);
      out += text;
      i = next;
    } else if (c === '\\') {
      // Before other punctuation a backslash means nothing, which JavaScript takes with the u flag as an error.
      out += TRANSLATED.get(pair) ?? (/\\[-!"#%&',:;<=>@_`~ ]/.test(pair) ? pair[1]! : pair);
      i += 2;
    } else {
      out += c === '$' ? end : c === '.' && !options.includes('s') ? '[^\\n]' : c;
      i++;
    }
  }
  return out;
}

/**
 * Compiles a MongoDB regular expression (PCRE, options i m s u). What JavaScript's engine can't do the same way is
 * refused with code 51091 and named.
 */
export function compileRegex(pattern: string, options: string): RegExp {
  ensure(!pattern.includes('\0'), 'BadValue', 'Regular expression cannot contain an embedded null byte');
  const bad = /[^imsxu]/.exec(options);
  ensure(!bad, 51108, `invalid flag in regex options: ${bad?.[0]}`);
  if (options.includes('x')) throw unsupported('the option x', pattern);
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const all = options + (leading?.[1] ?? '');
  const translated = translate(pattern.slice(leading?.[0].length ?? 0), all);
  const flags = all.replace(/[^ims]/g, '').replace(/(.)(?=.*\1)/g, '');
  try {
    return new RegExp(translated, `${flags}u`);
  } catch {
    // A lone brace or a needless escape is an error with the u flag only.
  }
  try {
    return new RegExp(translated, flags);
  } catch (error) {
    throw new MongoError(INVALID_REGEX, `Regular expression is invalid: ${(error as Error).message}`);
  }
}
