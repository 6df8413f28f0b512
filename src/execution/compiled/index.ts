import {
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { JsonBytes } from '../../json-bytes';
import { isDatabaseUnavailable } from '../../stores/failures';
import { planOperation, type OperationPlan } from './plan';
import { resolveOperation, type Resolved } from './run';
import { writeObject } from './write';

/** Plans of one document: one for each operation, and for each way in which its @skip and @include come out. */
const MOST_PLANS = 32;

/**
 * Runs an operation to the bytes of `{"data":…}`, exactly as graphql-js and JSON.stringify would make them. Undefined
 * where there is an error, or anything that it doesn't know: the operation is then for graphql-js to run, from the
 * beginning. Mutations always are. Given at once where no resolver has to be waited for; never throws, and rejects only
 * with the driver's error where the database does not answer. `tail` is written behind it.
 */
export type Compiled = (args: ExecutionArgs, tail?: string) => Buffer | undefined | Promise<Buffer | undefined>;

const CLOSE_OBJECT = 0x7d;
const BEFORE = Buffer.from('{"data":');

/** The compiled execution of a schema. */
export function createCompiled(schema: GraphQLSchema): Compiled {
  const plans = new WeakMap<DocumentNode, DocumentPlans>();
  const out = new JsonBytes();
  const write = (plan: OperationPlan, root: Resolved, tail: string): Buffer | undefined => {
    try {
      out.begin();
      out.copy(BEFORE);
      writeObject(out, plan.root, root);
      out.byte(CLOSE_OBJECT);
      out.ascii(tail);
      return out.end();
    } catch {
      return undefined;
    }
  };
  return ({ document, operationName, rootValue, contextValue, variableValues }, tail = '') => {
    const operation = getOperationAST(document, operationName);
    if (!operation || operation.operation === OperationTypeNode.MUTATION) return undefined;
    const variables = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    if (!variables.coerced) return undefined;
    try {
      let known = plans.get(document);
      if (!known) plans.set(document, (known = new DocumentPlans(schema, document)));
      const plan = known.planFor(operation, variables.coerced);
      if (!plan) return undefined;
      const run = { schema, plan, rootValue, contextValue, variableValues: variables.coerced };
      const root = resolveOperation(run);
      if (!(root instanceof Promise)) return write(plan, root, tail);
      return root.then(
        (resolved) => write(plan, resolved, tail),
        (error: unknown) => {
          // To ask again a database that is away would take as long again.
          if (isDatabaseUnavailable(error)) throw error;
          return undefined;
        },
      );
    } catch {
      // graphql-js comes to the same error, and reports it.
      return undefined;
    }
  };
}

class DocumentPlans {
  private readonly plans = new Map<string, OperationPlan | undefined>();
  private readonly conditions: string[];

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly document: DocumentNode,
  ) {
    this.conditions = conditionsOf(document);
  }

  planFor(operation: OperationDefinitionNode, variables: Record<string, unknown>): OperationPlan | undefined {
    let key = operation.name?.value ?? '';
    for (const name of this.conditions) key += ` ${String(variables[name])}`;
    if (this.plans.has(key)) return this.plans.get(key);
    if (this.plans.size >= MOST_PLANS) return undefined;
    const plan = planOperation(this.schema, this.document, operation, variables);
    this.plans.set(key, plan);
    return plan;
  }
}

/** The variables that decide which fields are included. */
function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: (directive: DirectiveNode) => {
      for (const { value } of directive.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
