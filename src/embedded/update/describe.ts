import { asNumber, isDoc, isNumeric, type Doc, type Value } from '../values/value';

/** A value as error messages show it, in the shell's notation and shortened. */
export function describe(v: Value | undefined): string {
  if (v === undefined) return 'missing';
  if (typeof v === 'string') return JSON.stringify(v);
  if (isNumeric(v)) return String(asNumber(v));
  let text: string;
  if (isDoc(v)) text = `{ ${[...v].map(([name, value]) => `${name}: ${describe(value)}`).join(', ')} }`;
  else if (Array.isArray(v)) text = `[ ${v.map(describe).join(', ')} ]`;
  else text = v instanceof Date ? `new Date(${v.getTime()})` : String(v);
  return text.length > 160 ? `${text.slice(0, 150)}...` : text;
}

/** The identity of a document as error messages show it. */
export function idOf(document: Doc): string {
  return document.has('_id') ? `{_id: ${describe(document.get('_id'))}}` : '{no id}';
}
