import { asNumber, BSONRegExp, isDoc, isNumeric, ObjectId, typeName, type Doc, type Value } from './value';

/** A value as error messages show it, in the shell's notation and shortened. */
export function describe(v: Value | undefined): string {
  if (v === undefined) return 'missing';
  if (typeof v === 'string') return JSON.stringify(v);
  if (isNumeric(v)) return String(asNumber(v));
  let text: string;
  if (isDoc(v)) text = `{ ${[...v].map(([name, value]) => `${name}: ${describe(value)}`).join(', ')} }`;
  else if (Array.isArray(v)) text = `[ ${v.map(describe).join(', ')} ]`;
  else if (v instanceof Date) text = `new Date(${v.getTime()})`;
  else if (v === null || typeof v === 'boolean') text = String(v);
  else if (v instanceof ObjectId) text = `ObjectId('${v.toHexString()}')`;
  else if (v instanceof BSONRegExp) text = `/${v.pattern}/${v.options}`;
  else text = typeName(v);
  return text.length > 160 ? `${text.slice(0, 150)}...` : text;
}

/** The identity of a document as error messages show it. */
export function idOf(document: Doc): string {
  return document.has('_id') ? `{_id: ${describe(document.get('_id'))}}` : '{no id}';
}
