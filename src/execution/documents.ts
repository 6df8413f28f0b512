import {
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Role } from '../../types/enums/Role';
import type { Viewer } from '../auth/viewer';
import { ApiError } from '../errors';
import { figureOf, type Limits } from '../limits';
import { checkDocument } from './document-limits';
import type { Variables } from './given-arguments';
import { createNodeBudget, type NodeCount } from './node-budget';
import { checkVariables } from './variable-limits';

/** Checked documents that are kept, by their text: a dashboard's thousand clients send the same few. */
const MOST_DOCUMENTS = 500;
const MOST_CHARACTERS = 4_000_000;

/** A document that may be executed. */
export interface CheckedDocument {
  readonly document: DocumentNode;
  /** What is known of each operation that was asked for. */
  readonly known: Map<OperationDefinitionNode, KnownOperation>;
}

interface KnownOperation {
  introspects: boolean;
  nodes: NodeCount;
}

/** What every transport holds operations to: the one place that knows the rules and the limits. */
export interface Documents {
  /** The document that a text stands for, or what is wrong with it, each with a code. Never throws. */
  read: (text: string) => CheckedDocument | readonly GraphQLError[];
  /** Throws an ApiError where this viewer may not run the operation with these variables. To be called before it runs. */
  check: (checked: CheckedDocument, operation: OperationDefinitionNode, variables: Variables, viewer: Viewer) => void;
}

/**
 * The rules and limits of documents and operations.
 *
 * @param openIntrospection - whether every viewer may ask for the schema; otherwise those of the role ADMIN alone may, and
 *   nobody is told names of it that were not asked for ("Did you mean …?")
 */
export function createDocuments(schema: GraphQLSchema, limits: Limits, openIntrospection: boolean): Documents {
  const checked = new LRUCache<string, CheckedDocument>({
    max: MOST_DOCUMENTS,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: (_document, text) => text.length + 1,
  });
  const countNodes = createNodeBudget(schema);

  const knownOf = ({ document, known }: CheckedDocument, operation: OperationDefinitionNode): KnownOperation => {
    let found = known.get(operation);
    if (!found) {
      found = { introspects: introspects(document), nodes: countNodes(document, operation) };
      known.set(operation, found);
    }
    return found;
  };

  return {
    read: (text) => {
      const found = checked.get(text);
      if (found) return found;
      const document = readDocument(schema, text, limits, !openIntrospection);
      if (!('definitions' in document)) return document;
      const fresh: CheckedDocument = { document, known: new Map() };
      checked.set(text, fresh);
      return fresh;
    },
    check: (from, operation, variables, viewer) => {
      const { introspects: asksForSchema, nodes } = knownOf(from, operation);
      if (asksForSchema && !openIntrospection && viewer.role !== Role.ADMIN) throw closedSchema();
      checkVariables(schema, operation, variables);
      const count = nodes(variables);
      if (count > limits.nodes) throw tooManyNodes(count, limits);
    },
  };
}

function closedSchema(): ApiError {
  const message =
    'This server shows its schema (__schema and __type) to the role ADMIN alone; docs/limits.md says when. ' +
    'The file schema.graphql of the project has it.';
  return new ApiError('FORBIDDEN', message, { http: { status: 403 } });
}

function tooManyNodes(count: number, limits: Limits): ApiError {
  const message =
    `The operation may come to ${count} nodes by its page sizes (\`first\`, \`last\` and lists of ids, multiplied through ` +
    `nesting), which is over the limit of ${figureOf('nodes', limits.nodes)}; ask for smaller pages.`;
  return new ApiError('LIMIT_EXCEEDED', message, { http: { status: 400 } });
}

/** Whether a document asks for the schema anywhere: the fragment that does may be of the operation that is run. */
function introspects({ definitions }: DocumentNode): boolean {
  const inSet = ({ selections }: SelectionSetNode): boolean =>
    selections.some((one) => {
      if (one.kind === Kind.FIELD) return one.name.value === '__schema' || one.name.value === '__type';
      return one.kind === Kind.INLINE_FRAGMENT && inSet(one.selectionSet);
    });
  return definitions.some((definition) => 'selectionSet' in definition && inSet(definition.selectionSet));
}

function readDocument(
  schema: GraphQLSchema,
  text: string,
  limits: Limits,
  hideSuggestions: boolean,
): DocumentNode | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: limits.tokens });
  } catch (error) {
    return [isTooLong(error) ? tooManyTokens(limits) : withCode(error as Error, 'GRAPHQL_PARSE_FAILED')];
  }
  try {
    const excess = checkDocument(document, limits);
    if (excess) return [excess];
    const errors = validate(schema, document, specifiedRules, { hideSuggestions });
    return errors.length > 0
      ? errors.map((error) => (isTooTangled(error) ? tooTangled() : withCode(error, 'GRAPHQL_VALIDATION_FAILED')))
      : document;
  } catch (error) {
    return [withCode(error as Error, 'GRAPHQL_VALIDATION_FAILED')];
  }
}

/** graphql-js knows its own limit by its message alone. */
function isTooLong(error: unknown): boolean {
  return error instanceof GraphQLError && error.message.includes('tokens. Parsing aborted');
}

/** graphql-js gives up comparing the fields that have one name in the answer, by a limit of its own. */
function isTooTangled({ message }: GraphQLError): boolean {
  return message === 'Validation aborted.';
}

function tooTangled(): ApiError {
  const message = 'The document asks for fields of one name in more places than can be compared; ask for each once.';
  return new ApiError('LIMIT_EXCEEDED', message);
}

function tooManyTokens(limits: Limits): ApiError {
  return new ApiError(
    'LIMIT_EXCEEDED',
    `The document has more tokens than the limit of ${figureOf('tokens', limits.tokens)}.`,
  );
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
