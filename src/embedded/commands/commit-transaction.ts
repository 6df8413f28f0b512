import { ensure } from '../errors';
import type { Session } from '../session';
import type { Command, Invocation } from './invocation';

/** The session and number of a command that ends a transaction; throws when it is not given as one. */
export function ending({ db, name, session, body }: Invocation): { session: Session; number: bigint } {
  ensure(db === 'admin', 'Unauthorized', `${name} may only be run against the admin database.`);
  const number = body.get('txnNumber');
  const given = session !== undefined && typeof number === 'bigint' && body.get('autocommit') === false;
  ensure(given, 'InvalidOptions', `${name} must be run within a transaction: lsid, txnNumber and autocommit: false`);
  return { session, number };
}

export const commitTransaction: Command = {
  fields: ['recoveryToken'],
  transactional: true,
  async run(invocation) {
    const { session, number } = ending(invocation);
    const { engine } = invocation;
    // A repeated commit is answered like the first.
    if (session.ended?.number === number && session.ended.committed) return { body: new Map() };
    const transaction = session.openTransaction(number);
    engine.cursors.killOf(transaction);
    try {
      await engine.commit(session, transaction);
    } catch (error) {
      session.abort();
      throw error;
    }
    session.ended = { number, committed: true };
    session.transaction = undefined;
    transaction.close();
    return { body: new Map() };
  },
};
