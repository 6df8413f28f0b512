import { mongoError } from '../errors';
import { TRANSIENT } from '../transaction';
import { ending } from './commit-transaction';
import type { Command } from './invocation';

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
