import { arrayIndex } from '../values/paths';
import type { Doc, Value } from '../values/value';

export type ValueTest = (value: Value | undefined) => boolean;
export type DocTest = (document: Doc) => boolean;

/**
 * Tests whether some value that a dotted path leads to passes `test`. Arrays on the way are entered: each element that
 * is a document is followed, and a numeric component also takes the element at that position. An array at the end is
 * tested element by element and as a whole, or only as a whole when `enterLast` is false. A path that leads nowhere
 * is tested once with undefined, except that array elements that are no documents give nothing.
 */
export function pathTest(path: string, test: ValueTest, enterLast: boolean): DocTest {
  const parts = path.split('.');
  const indexes = parts.map(arrayIndex);
  const last = parts.length - 1;

  const fromArray = (array: Value[], at: number): boolean => {
    if (at > last) {
      if (enterLast) for (const element of array) if (test(element)) return true;
      return test(array);
    }
    const index = indexes[at]!;
    for (let i = 0; i < array.length; i++) {
      const element = array[i]!;
      if (element instanceof Map && fromDocument(element, at)) return true;
      if (i !== index) continue;
      if (at === last) {
        if (test(element)) return true;
      } else if (element instanceof Map) {
        if (fromDocument(element, at + 1)) return true;
      } else if (Array.isArray(element) && fromArray(element, at + 1)) return true;
    }
    return false;
  };

  const fromDocument = (document: Doc, start: number): boolean => {
    let at = start;
    let current = document.get(parts[at]!);
    for (;;) {
      if (Array.isArray(current)) return fromArray(current, at + 1);
      if (at === last) return test(current);
      if (!(current instanceof Map)) return test(undefined);
      current = current.get(parts[++at]!);
    }
  };

  if (last > 0) return (document) => fromDocument(document, 0);
  return (document) => {
    const value = document.get(path);
    return Array.isArray(value) ? fromArray(value, 1) : test(value);
  };
}
