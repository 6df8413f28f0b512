import type { Value } from '../values/value';

/** An operator over evaluated arguments; missing ones are undefined. */
export interface Fn {
  min: number;
  max: number;
  apply: (args: (Value | undefined)[]) => Value | undefined;
}
