import { GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import type { Viewer } from '../auth/viewer';
import type { Documents } from './documents';
import { operationOf } from './operations';

/** An operation as clients send it over a stream. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An operation that is ready to be executed for a viewer, or what is wrong with it. Never throws. */
export type Prepare = (request: OperationRequest, viewer: Viewer) => ExecutionArgs | readonly GraphQLError[];

/** Checks operations by the rules that hold over HTTP, for the transports that Apollo Server does not serve. */
export function createPrepare(schema: GraphQLSchema, documents: Documents): Prepare {
  return ({ query, operationName, variables }, viewer) => {
    const checked = documents.read(query);
    if (!('document' in checked)) return checked;
    const operation = operationOf(checked.document, operationName);
    if (!operation) {
      const message = operationName
        ? `The document has no operation named ${JSON.stringify(operationName.slice(0, 80))}.`
        : 'The document has several operations, or none; say which one by operationName.';
      return [new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })];
    }
    try {
      documents.check(checked, operation, variables, viewer);
    } catch (error) {
      return [error as GraphQLError];
    }
    const { document } = checked;
    return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null };
  };
}
