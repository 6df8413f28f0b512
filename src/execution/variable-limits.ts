import {
  getNullableType,
  isInputObjectType,
  isListType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { ApiError } from '../errors';

/** Items of any list of the schema; the longest that a field takes are batches of 1000. Lists inside JSON have no limit. */
export const MAX_LIST_ITEMS = 1000;
/** Input objects inside input objects. The deepest sensible filter is about 8 deep. */
export const MAX_INPUT_DEPTH = 50;
/** Input objects in the variables of an operation. A batch of 1000 epochs has 3000. */
export const MAX_INPUT_OBJECTS = 5000;

/** Over HTTP as graphql-js's own complaints about variables. */
function refused(path: string, problem: string): ApiError {
  return new ApiError('BAD_USER_INPUT', `${path}: ${problem}`, { http: { status: 400 } });
}

/**
 * BAD_USER_INPUT for variables that hold too long a list, or input objects that are too many or too deep. To be called before an operation is
 * executed: reading 100,000 input objects takes graphql-js and type-graphql seconds, in which nobody else is served.
 * What is no list or object where one belongs is left to graphql-js to refuse.
 */
export function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): void {
  let objects = 0;
  const check = (given: unknown, type: GraphQLInputType, path: () => string, depth: number): void => {
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (!Array.isArray(given)) return check(given, nullable.ofType, path, depth);
      if (given.length > MAX_LIST_ITEMS) {
        throw refused(path(), `has ${given.length} items; no list takes more than ${MAX_LIST_ITEMS}`);
      }
      given.forEach((item, index) => check(item, nullable.ofType, () => `${path()}[${index}]`, depth));
    } else if (isInputObjectType(nullable) && typeof given === 'object' && given !== null) {
      if (depth > MAX_INPUT_DEPTH)
        throw refused(path(), `is nested deeper than ${MAX_INPUT_DEPTH}; it takes at most as many levels`);
      objects += 1;
      if (objects > MAX_INPUT_OBJECTS) {
        throw refused(path(), `is one input object more than the ${MAX_INPUT_OBJECTS} that an operation takes`);
      }
      const fields = nullable.getFields();
      for (const [name, value] of Object.entries(given)) {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
        if (field) check(value, field.type, () => `${path()}.${name}`, depth + 1);
      }
    }
  };
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type as never) as GraphQLInputType | undefined;
    if (type && variables && Object.hasOwn(variables, name)) check(variables[name], type, () => name, 1);
  }
}
