import {
  createSourceEventStream,
  execute,
  getOperationAST,
  Kind,
  OperationTypeNode,
  visit,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { scopeOf, type Viewer } from '../auth/viewer';
import type { ContextFactory } from '../context';
import type { ClientErrors } from './client-errors';
import type { Compiled } from './compiled';
import type { InTime } from './in-time';

/** Events whose results are kept for the subscribers that have not come to them yet. */
const MOST_EVENTS = 512;

/** Results that a subscriber who was held back gets in one go: each may read the database. */
const MOST_AT_ONCE = 64;

/** The result of one event, as an object and as JSON. */
export interface Executed {
  readonly result: FormattedExecutionResult;
  readonly text: string;
}

/** A result that was written as JSON; few transports want the object. */
class Written implements Executed {
  private parsed: FormattedExecutionResult | undefined;

  constructor(readonly text: string) {}

  get result(): FormattedExecutionResult {
    return (this.parsed ??= JSON.parse(this.text) as FormattedExecutionResult);
  }
}

/** The arguments of root fields that say where a subscription begins: subscriptions that differ in these alone are the same. */
const PLACES = ['after', 'afterEpoch'];

interface Events {
  next(): Promise<IteratorResult<object>>;
  return?(): Promise<unknown>;
  take?(most: number): object[];
}

/** The results of a subscription, one by one or as many as can be had. One reader at a time. */
export class Executions implements AsyncIterableIterator<Executed> {
  constructor(
    private readonly events: Events,
    private readonly executeOnce: (event: object) => Executed | Promise<Executed>,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Executed>> {
    const event = await this.events.next();
    if (event.done) return { done: true, value: undefined };
    return { done: false, value: await this.executeOnce(event.value) };
  }

  /** Results that can be had now, in order, at least one; undefined at the end. */
  async batch(): Promise<(Executed | Promise<Executed>)[] | undefined> {
    const event = await this.events.next();
    if (event.done) return undefined;
    return [event.value, ...(this.events.take?.(MOST_AT_ONCE - 1) ?? [])].map(this.executeOnce);
  }

  async return(): Promise<IteratorResult<Executed>> {
    await this.events.return?.();
    return { done: true, value: undefined };
  }
}

/** Starts a subscription for a viewer; an ExecutionResult with errors where it can't be. */
export type Subscribe = (args: ExecutionArgs, viewer: Viewer) => Promise<Executions | ExecutionResult>;

/**
 * graphql-js's `subscribe`, but with a new context for each event (the loaders of an operation remember what they read,
 * and an event must not be answered from what an earlier one read), and with each event executed once for all identical
 * subscriptions: same document, operation, variables and scope of the viewer.
 */
export function createSubscribe(
  createContext: ContextFactory,
  clientErrors: ClientErrors,
  inTime: InTime,
  compiled?: Compiled,
): Subscribe {
  const done = new LRUCache<object, Map<string, Executed | Promise<Executed>>>({ max: MOST_EVENTS });

  const run = (args: ExecutionArgs, event: object, viewer: Viewer): Executed | Promise<Executed> => {
    const finishWritten = (written: Buffer | undefined): Executed | Promise<Executed> =>
      written ? new Written(written.toString()) : runByGraphQL(args, event, viewer);
    const written = compiled?.({ ...args, rootValue: event, contextValue: createContext(viewer) });
    if (!(written instanceof Promise)) return finishWritten(written);
    return written.then(finishWritten, () => runByGraphQL(args, event, viewer));
  };
  const runByGraphQL = (args: ExecutionArgs, event: object, viewer: Viewer): Executed | Promise<Executed> => {
    const result = execute({ ...args, rootValue: event, contextValue: createContext(viewer) });
    return result instanceof Promise ? result.then(finish) : finish(result);
  };
  const finish = ({ data, errors }: ExecutionResult): Executed => {
    const result = { ...(errors ? { errors: errors.map(clientErrors) } : {}), data: data ?? null };
    return { result, text: JSON.stringify(result) };
  };

  return async (args, viewer) => {
    const source = await inTime(OperationTypeNode.SUBSCRIPTION, () =>
      createSourceEventStream({ ...args, contextValue: createContext(viewer) }),
    );
    if (!(Symbol.asyncIterator in source)) return source;
    const key = keyOf(args, viewer);
    return new Executions(source[Symbol.asyncIterator]() as Events, (event) => {
      let results = done.get(event);
      if (!results) done.set(event, (results = new Map()));
      let executed = results.get(key);
      if (executed === undefined) {
        executed = inTime(OperationTypeNode.SUBSCRIPTION, () => run(args, event, viewer));
        results.set(key, executed);
        const all = results;
        if (executed instanceof Promise) {
          executed.then(
            (value) => all.set(key, value),
            () => all.delete(key),
          );
        }
      }
      return executed;
    });
  };
}

/** What identical subscriptions have in common. */
function keyOf({ document, operationName, variableValues }: ExecutionArgs, viewer: Viewer): string {
  const variables = { ...variableValues };
  const operation = getOperationAST(document, operationName);
  const [field] = operation?.selectionSet.selections ?? [];
  if (field?.kind === Kind.FIELD) {
    const uses = new Map<string, number>();
    visit(document, { Variable: ({ name }) => void uses.set(name.value, (uses.get(name.value) ?? 0) + 1) });
    for (const { name, value } of field.arguments ?? []) {
      // Once where it is declared and once here: the result can't depend on it otherwise.
      if (PLACES.includes(name.value) && value.kind === Kind.VARIABLE && uses.get(value.name.value) === 2) {
        delete variables[value.name.value];
      }
    }
  }
  return JSON.stringify([document.loc?.source.body, operationName, variables, scopeOf(viewer)]);
}
