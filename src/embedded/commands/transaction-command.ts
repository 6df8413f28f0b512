import { mongoError } from '../errors';
import type { Session } from '../session';
import type { Invocation } from './invocation';

/** The session and number of a command that ends a transaction; throws when it is not given as one. */
export function transactionCommand({ db, name, session, body }: Invocation): { session: Session; number: bigint } {
  if (db !== 'admin') throw mongoError('Unauthorized', `${name} may only be run against the admin database.`);
  const number = body.get('txnNumber');
  if (session === undefined || typeof number !== 'bigint' || body.get('autocommit') !== false) {
    throw mongoError(
      'InvalidOptions',
      `${name} must be run within a transaction: lsid, txnNumber and autocommit: false`,
    );
  }
  return { session, number };
}
