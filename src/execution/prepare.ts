import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLSchema,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { depthRule, PARSE_OPTIONS } from './document-limits';
import { checkVariables } from './variable-limits';

/** Checked documents that are kept, by their text: a dashboard's thousand clients send the same few. */
const MOST_DOCUMENTS = 500;
const MOST_CHARACTERS = 4_000_000;

/** An operation as clients send it over a stream. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An operation that is ready to be executed, or what is wrong with it. Never throws. */
export type Prepare = (request: OperationRequest) => ExecutionArgs | readonly GraphQLError[];

/** Checks operations by the rules that hold over HTTP, for the transports that Apollo Server does not serve. */
export function createPrepare(schema: GraphQLSchema): Prepare {
  const checked = new LRUCache<string, DocumentNode>({
    max: MOST_DOCUMENTS,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_document, text) => text.length + 1,
  });
  return ({ query, operationName, variables }) => {
    let document = checked.get(query);
    if (!document) {
      const read = check(schema, query);
      if (Array.isArray(read)) return read as readonly GraphQLError[];
      document = read as DocumentNode;
      checked.set(query, document);
    }
    const operation = getOperationAST(document, operationName);
    if (!operation) {
      const message = operationName
        ? `The document has no operation named ${JSON.stringify(operationName.slice(0, 80))}.`
        : 'The document has several operations, or none; say which one by operationName.';
      return [new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })];
    }
    try {
      checkVariables(schema, operation, variables);
    } catch (error) {
      return [error as GraphQLError];
    }
    return { schema, document, operationName: operationName ?? null, variableValues: variables ?? null };
  };
}

function check(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  let document;
  try {
    document = parse(query, PARSE_OPTIONS);
  } catch (error) {
    return [withCode(error as Error, 'GRAPHQL_PARSE_FAILED')];
  }
  const errors = validate(schema, document, [...specifiedRules, depthRule]);
  return errors.length > 0 ? errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')) : document;
}

function withCode(error: Error, code: string): GraphQLError {
  const { nodes, source, positions, extensions } = error as Partial<GraphQLError>;
  return new GraphQLError(error.message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    originalError: error,
    extensions: { code, ...extensions },
  });
}
