import { BSONRegExp, ObjectId, type Doc, type Value } from './value';

/** A value as error messages show it, in the shell's notation. */
export function show(v: Value | undefined): string {
  if (v == null) return 'null';
  if (typeof v === 'string') return JSON.stringify(v);
  if (v instanceof Map) return `{ ${[...v].map(([name, value]) => `${name}: ${show(value)}`).join(', ')} }`;
  if (Array.isArray(v)) return `[ ${v.map(show).join(', ')} ]`;
  if (v instanceof Date) return `new Date(${v.getTime()})`;
  if (v instanceof ObjectId) return `ObjectId('${v.toHexString()}')`;
  if (v instanceof BSONRegExp) return `/${v.pattern}/${v.options}`;
  return (v as { toString(): string }).toString();
}

/** The identity of a document as error messages show it. */
export function idOf(document: Doc): string {
  return document.has('_id') ? `{_id: ${show(document.get('_id'))}}` : '{no id}';
}
