import { getArgumentValues, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import type { FieldPlan, ObjectPlan, OperationPlan, ValuePlan } from './plan';

/** An object some of whose fields had to be resolved: where its plain fields are read, and the values of the others. */
export interface Resolved {
  source: object;
  /** By `deepIndex`: null, a value, `Resolved` or a list of them. */
  values: unknown[];
}

/** Thrown where graphql-js would report an error: it runs the operation again, and says which. */
export class GivenUp extends Error {}

/** What one run of an operation is given. */
export interface RunArgs {
  schema: GraphQLSchema;
  plan: OperationPlan;
  rootValue: unknown;
  contextValue: unknown;
  variableValues: Record<string, unknown>;
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** What every call of one field's resolver gets: the same for all parents. */
interface Call {
  args: Record<string, unknown>;
  info: GraphQLResolveInfo;
}

/**
 * Calls the resolvers of an operation, those of one level of the answer together, and awaits nothing else. Gives the root
 * object, at once where no resolver has to be waited for; throws or rejects at the first error, after which no more
 * resolvers are called.
 */
export function resolveOperation(args: RunArgs): Resolved | Promise<Resolved> {
  return new Run(args).start();
}

class Run {
  private waiting = 0;
  private isOver = false;
  private readonly calls = new Map<FieldPlan, Call>();
  private resolve: (() => void) | undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(private readonly given: RunArgs) {}

  start(): Resolved | Promise<Resolved> {
    const { plan, rootValue } = this.given;
    let root: Resolved;
    try {
      root = this.object(plan.root, rootValue as object);
    } catch (error) {
      this.isOver = true;
      throw error;
    }
    if (this.waiting === 0) return root;
    return new Promise((resolve, reject) => {
      this.resolve = () => resolve(root);
      this.reject = reject;
    });
  }

  private object(plan: ObjectPlan, source: object): Resolved {
    const { deep } = plan;
    const values = new Array<unknown>(deep.length);
    for (let index = 0; index < deep.length; index++) {
      const field = deep[index]!;
      const value =
        field.property === undefined ? this.call(field, source) : (source as Record<string, unknown>)[field.property];
      if (isPromise(value)) this.await(value, field.value, values, index);
      else values[index] = this.complete(field.value, value);
    }
    return { source, values };
  }

  private call(plan: FieldPlan, source: object): unknown {
    let call = this.calls.get(plan);
    if (!call) this.calls.set(plan, (call = this.prepare(plan)));
    return plan.field.resolve!(source, call.args, this.given.contextValue, call.info);
  }

  /** Throws what graphql-js would report of the arguments. */
  private prepare({ field, nodes, parentType, responseName }: FieldPlan): Call {
    const { schema, plan, rootValue, variableValues } = this.given;
    return {
      args: getArgumentValues(field, nodes[0]!, variableValues),
      info: {
        fieldName: field.name,
        fieldNodes: nodes,
        returnType: field.type,
        parentType,
        // Without the places in lists, which differ between the calls: only errors need them.
        path: { prev: undefined, key: responseName, typename: parentType.name },
        schema,
        fragments: plan.fragments,
        rootValue,
        operation: plan.operation,
        variableValues,
      },
    };
  }

  private await(promise: PromiseLike<unknown>, plan: ValuePlan, values: unknown[], index: number): void {
    this.waiting++;
    promise.then(
      (value) => {
        if (this.isOver) return;
        try {
          values[index] = this.complete(plan, value);
          if (--this.waiting === 0) this.resolve!();
        } catch (error) {
          this.fail(error);
        }
      },
      (error: unknown) => this.fail(error),
    );
  }

  private complete(plan: ValuePlan, value: unknown): unknown {
    if (value == null) {
      if (plan.nullable) return null;
      throw new GivenUp();
    }
    if (!plan.isDeep) return value;
    if (plan.kind === 'object') return this.object(plan.object, value);
    if (plan.kind !== 'list' || !Array.isArray(value)) throw new GivenUp();
    const { item } = plan;
    const values = new Array<unknown>(value.length);
    for (let index = 0; index < value.length; index++) {
      const one: unknown = value[index];
      if (isPromise(one)) this.await(one, item, values, index);
      else values[index] = this.complete(item, one);
    }
    return values;
  }

  private fail(error: unknown): void {
    this.isOver = true;
    this.reject(error);
  }
}
