import { ensure } from '../errors';
import { doc, type Value } from '../values/value';
import type { Command } from './invocation';

/** The only parameters that tools ask for and that mean anything here. */
const PARAMETERS: Record<string, Value> = {
  featureCompatibilityVersion: doc({ version: '7.0' }),
  authenticationMechanisms: [],
};

export const getParameter: Command = {
  fields: [...Object.keys(PARAMETERS), 'allParameters'],
  run({ body }) {
    const all = body.get('getParameter') === '*' || body.get('allParameters') === true;
    const found = Object.entries(PARAMETERS).filter(([name]) => all || body.has(name));
    ensure(found.length > 0, 'InvalidOptions', 'no option found to get');
    return { body: doc(Object.fromEntries(found)) };
  },
};
