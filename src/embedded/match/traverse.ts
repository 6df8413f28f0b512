import { arrayIndex } from '../values/paths';
import type { Doc, Value } from '../values/value';

export type ValueTest = (value: Value | undefined) => boolean;
export type DocTest = (document: Doc) => boolean;

/**
 * Whether some value that a dotted path leads to passes a test. Arrays on the way are entered: each element that is a
 * document is followed, and a numeric component also takes the element at that position. An array at the end is tested
 * element by element and as a whole, or only as a whole when `enterLast` is false. A path that leads nowhere is tested
 * once with undefined, except that array elements that are no documents give nothing.
 */
export function walkerOf(path: string): (document: Doc, test: ValueTest, enterLast: boolean) => boolean {
  const parts = path.split('.');
  const indexes = parts.map(arrayIndex);
  const last = parts.length - 1;

  const fromArray = (array: Value[], at: number, test: ValueTest, enterLast: boolean): boolean => {
    if (at > last) return (enterLast && array.some(test)) || test(array);
    return array.some((element, i) => {
      if (element instanceof Map && fromDocument(element, at, test, enterLast)) return true;
      if (i !== indexes[at]) return false;
      if (at === last) return test(element);
      if (element instanceof Map) return fromDocument(element, at + 1, test, enterLast);
      return Array.isArray(element) && fromArray(element, at + 1, test, enterLast);
    });
  };

  const fromDocument = (document: Doc, start: number, test: ValueTest, enterLast: boolean): boolean => {
    let current: Value | undefined = document;
    for (let at = start; at <= last; at++) {
      if (!(current instanceof Map)) return test(undefined);
      current = current.get(parts[at]!);
      if (Array.isArray(current)) return fromArray(current, at + 1, test, enterLast);
    }
    return test(current);
  };

  return (document, test, enterLast) => fromDocument(document, 0, test, enterLast);
}
