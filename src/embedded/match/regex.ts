import { MongoError, mongoError } from '../errors';

/** mongod's code for a pattern that does not compile. */
const INVALID_REGEX = 51091;

function unsupported(what: string, pattern: string): never {
  throw new MongoError(INVALID_REGEX, `Regular expression is invalid or not supported here: ${what} in /${pattern}/`);
}

/** Rewrites one escape outside a class; PCRE's anchors have no escape of their own in JavaScript. */
function escape(letter: string, pattern: string): string {
  if (letter === 'A') return '(?<![\\s\\S])';
  if (letter === 'z') return '(?![\\s\\S])';
  if (letter === 'Z') return '(?=\\n?(?![\\s\\S]))';
  if (letter === 'h') return '[ \\t]';
  if (letter === 's') return '[ \\t\\n\\v\\f\\r]';
  if (letter === 'S') return '[^ \\t\\n\\v\\f\\r]';
  if (letter === 'e') return '\\x1b';
  if (letter === 'a') return '\\x07';
  if (/[QEGKRXCNVHP]/i.test(letter) && !/[nvpk]/.test(letter)) return unsupported(`\\${letter}`, pattern);
  if (/[-!"#%&',/:;<=>@_`~ ]/.test(letter)) return letter === '/' ? '\\/' : letter;
  return `\\${letter}`;
}

/** Translates the parts of PCRE syntax in which it differs from JavaScript's, and refuses what has no counterpart. */
function translate(pattern: string, flags: { multiline: boolean; dotAll: boolean; extended: boolean }): string {
  let out = '';
  let i = 0;
  while (i < pattern.length) {
    const c = pattern[i]!;
    if (c === '\\') {
      if (i + 1 >= pattern.length) unsupported('a trailing backslash', pattern);
      out += escape(pattern[i + 1]!, pattern);
      i += 2;
    } else if (c === '[') {
      let close = i + 1;
      if (pattern[close] === '^') close++;
      if (pattern[close] === ']') close++;
      while (close < pattern.length && pattern[close] !== ']') {
        if (pattern[close] === '[' && /[:.=]/.test(pattern[close + 1] ?? '')) unsupported('a POSIX class', pattern);
        close += pattern[close] === '\\' ? 2 : 1;
      }
      if (close >= pattern.length) unsupported('an unclosed [', pattern);
      const body = pattern.slice(i + 1, close).replace(/^(\^?)\]/, '$1\\]');
      out += `[${body.replace(/(^|[^\\])\[/g, '$1\\[')}]`;
      i = close + 1;
    } else if (flags.extended && /\s/.test(c)) i++;
    else if (flags.extended && c === '#') {
      while (i < pattern.length && pattern[i] !== '\n') i++;
    } else if (c === '(' && pattern[i + 1] === '?') {
      const head = /^\(\?(?::|=|!|<=|<!|<[A-Za-z_]\w*>|P<[A-Za-z_]\w*>)/.exec(pattern.slice(i))?.[0];
      if (head === undefined) unsupported(`the group ${pattern.slice(i, i + 4)}`, pattern);
      out += head.replace('?P<', '?<');
      i += head.length;
    } else if (c === '(' && pattern[i + 1] === '*') unsupported('a verb', pattern);
    else if (/[*+?}]/.test(c) && pattern[i + 1] === '+') unsupported('a possessive quantifier', pattern);
    else {
      if (c === '.' && !flags.dotAll) out += '[^\\n]';
      else if (c === '$' && !flags.multiline) out += '(?=\\n?(?![\\s\\S]))';
      else if (c === '$') out += '(?=\\n|(?![\\s\\S]))';
      else out += c;
      i++;
    }
  }
  return out;
}

/**
 * Compiles a MongoDB regular expression (PCRE, options i m s x u). What JavaScript's engine can't do the same way is
 * refused with code 51091 and named.
 */
export function compileRegex(pattern: string, options: string): RegExp {
  if (pattern.includes('\0')) throw mongoError('BadValue', 'Regular expression cannot contain an embedded null byte');
  const bad = /[^imsxu]/.exec(options);
  if (bad) throw new MongoError(51108, `invalid flag in regex options: ${bad[0]}`);
  let body = pattern;
  let all = options;
  const leading = /^\(\?([imsx]+)\)/.exec(body);
  if (leading) {
    all += leading[1];
    body = body.slice(leading[0].length);
  }
  const flags = { multiline: all.includes('m'), dotAll: all.includes('s'), extended: all.includes('x') };
  const translated = translate(body, flags);
  const jsFlags = (all.includes('i') ? 'i' : '') + (flags.multiline ? 'm' : '') + (flags.dotAll ? 's' : '');
  try {
    return new RegExp(translated, `${jsFlags}u`);
  } catch {
    // A lone brace or a needless escape is an error with the u flag only.
  }
  try {
    return new RegExp(translated, jsFlags);
  } catch (error) {
    throw new MongoError(INVALID_REGEX, `Regular expression is invalid: ${(error as Error).message}`);
  }
}
