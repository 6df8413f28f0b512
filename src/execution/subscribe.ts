import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { ContextFactory } from '../context';

type Results = AsyncIterableIterator<ExecutionResult> & { return(): Promise<IteratorResult<ExecutionResult>> };

/**
 * graphql-js's `subscribe`, but with a new context for each event: the loaders of an operation remember what they read,
 * and an event must not be answered from what an earlier one read.
 */
export async function subscribe(
  args: ExecutionArgs,
  createContext: ContextFactory,
): Promise<Results | ExecutionResult> {
  const source = await createSourceEventStream({ ...args, contextValue: createContext() });
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  const done = { done: true, value: undefined } as const;
  const results: Results = {
    [Symbol.asyncIterator]: () => results,
    async next() {
      const event = await events.next();
      if (event.done) return done;
      return { done: false, value: await execute({ ...args, rootValue: event.value, contextValue: createContext() }) };
    },
    async return() {
      await events.return?.();
      return done;
    },
  };
  return results;
}
