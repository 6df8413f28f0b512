import { mongoError } from '../errors';
import { TRANSIENT } from '../transaction';
import type { Command } from './invocation';
import { transactionCommand } from './transaction-command';

export const abortTransaction: Command = {
  fields: ['recoveryToken'],
  transactional: true,
  run(invocation) {
    const { session, number } = transactionCommand(invocation);
    if (session.ended?.number === number && !session.ended.committed) {
      throw mongoError('NoSuchTransaction', `Transaction ${number} has been aborted.`, TRANSIENT);
    }
    invocation.engine.cursors.killOf(session.openTransaction(number));
    session.abort();
    return { body: new Map() };
  },
};
