import { randomBytes } from 'node:crypto';
import { ensure, mongoError } from '../errors';
import { SESSION_TIMEOUT_MINUTES, type Session } from '../session';
import { TRANSIENT } from '../transaction';
import { Binary, doc, int } from '../values/value';
import { wrongType, type Command, type Invocation } from './invocation';

export const startSession: Command = {
  fields: [],
  run({ engine }) {
    const id = doc({ id: new Binary(randomBytes(16), Binary.SUBTYPE_UUID) });
    engine.sessions.use(id);
    return { body: doc({ id, timeoutMinutes: int(SESSION_TIMEOUT_MINUTES) }) };
  },
};

export const endSessions: Command = {
  fields: [],
  run({ body, engine, name }) {
    const list = body.get(name);
    if (!Array.isArray(list)) throw wrongType(name, name, list ?? null, 'array');
    for (const lsid of list) engine.sessions.end(lsid);
    return { body: new Map() };
  },
};

/** The session and number of a command that ends a transaction; throws when it is not given as one. */
function ending({ db, name, session, body }: Invocation): { session: Session; number: bigint } {
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

export const abortTransaction: Command = {
  fields: ['recoveryToken'],
  transactional: true,
  run(invocation) {
    const { session, number } = ending(invocation);
    if (session.ended?.number === number && !session.ended.committed)
      throw mongoError('NoSuchTransaction', `Transaction ${number} has been aborted.`, TRANSIENT);
    invocation.engine.cursors.killOf(session.openTransaction(number));
    session.abort();
    return { body: new Map() };
  },
};
