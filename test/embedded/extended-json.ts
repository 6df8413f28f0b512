import {
  BSONRegExp,
  Decimal128,
  doc,
  int,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  type Value,
} from '../../src/embedded/values/value';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function special(key: string, inner: Json): Value | undefined {
  switch (key) {
    case '$numberInt':
      return int(Number(inner));
    case '$numberLong':
      return BigInt(inner as string);
    case '$numberDouble':
      return Number(inner);
    case '$numberDecimal':
      return Decimal128.fromString(inner as string);
    case '$oid':
      // The recordings write '<generated>' for an id that the server made.
      return inner === '<generated>' ? inner : new ObjectId(inner as string);
    case '$date':
      return new Date(Number((inner as { $numberLong: string }).$numberLong));
    case '$timestamp':
      return new Timestamp(inner as { t: number; i: number });
    case '$regularExpression': {
      const { pattern, options } = inner as { pattern: string; options: string };
      return new BSONRegExp(pattern, options);
    }
    case '$minKey':
      return new MinKey();
    case '$maxKey':
      return new MaxKey();
    default:
      return undefined;
  }
}

/** Turns parsed canonical extended JSON into values of the embedded database. */
export function fromExtendedJson(json: Json): Value {
  if (Array.isArray(json)) return json.map(fromExtendedJson);
  if (json === null || typeof json !== 'object') {
    if (typeof json === 'number') throw new Error(`a bare number, ${json}, is not canonical extended JSON`);
    return json;
  }
  const keys = Object.keys(json);
  if (keys.length === 1) {
    const value = special(keys[0]!, json[keys[0]!]!);
    if (value !== undefined) return value;
  }
  return doc(Object.fromEntries(keys.map((key) => [key, fromExtendedJson(json[key]!)])));
}
