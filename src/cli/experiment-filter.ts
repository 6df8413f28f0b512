import type { Document, Filter } from 'mongodb';
import { coerceInputValue, isInputType, parseValue, valueFromASTUntyped } from 'graphql';
import type { ExperimentFilter } from '../../types/inputs/ExperimentFilter';
import { StartupError } from '../errors';
import { createSchema } from '../schema';
import { experimentFilter } from '../stores/filters';
import type { LivenessAt } from '../stores/liveness';

/**
 * The filter that a text stands for: an ExperimentFilter of the API, as JSON or as GraphQL writes it, such as
 * `{challenge: {eq: 2}, status: [COMPLETED]}`. Throws a StartupError that says what is wrong with it.
 */
export function readExperimentFilter(text: string, rule: LivenessAt): Filter<Document> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    try {
      given = valueFromASTUntyped(parseValue(text));
    } catch (error) {
      throw new StartupError(`The filter can't be read: ${(error as Error).message}`);
    }
  }
  const type = createSchema().getType('ExperimentFilter');
  if (!isInputType(type)) throw new Error('The schema has no ExperimentFilter.');
  const filter = coerceInputValue(given, type, (path, _value, { message }) => {
    throw new StartupError(`The filter is wrong${path.length > 0 ? ` at ${path.join('.')}` : ''}: ${message}`);
  }) as ExperimentFilter;
  try {
    return experimentFilter(filter, rule);
  } catch (error) {
    throw new StartupError(`The filter is wrong: ${(error as Error).message}`);
  }
}
