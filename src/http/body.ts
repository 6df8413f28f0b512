import { ApiError } from '../errors';

/** A string, or one of the three bare words that JSON lacks and that some serializers write all the same. */
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Parses a request's body. Python's json module writes NaN and the infinities as bare words, which is not JSON, and it
 * does so just when a training diverges: they are read as the strings that MetricValue takes. Anything else that is not
 * JSON is a BAD_REQUEST.
 */
export function parseBody(text: string): unknown {
  if (text.trim() === '') throw new ApiError('BAD_REQUEST', 'The body is empty; send {"query": "…"} as JSON.');
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(STRING_OR_WORD, (token) => (token.startsWith('"') ? token : `"${token}"`));
    if (quoted !== text) {
      try {
        return JSON.parse(quoted);
      } catch {
        // The body has another fault, which the first error names in the client's own words.
      }
    }
    throw new ApiError('BAD_REQUEST', `The body is not JSON: ${(error as Error).message}`);
  }
}
