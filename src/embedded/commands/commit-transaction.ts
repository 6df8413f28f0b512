import type { Command } from './invocation';
import { transactionCommand } from './transaction-command';

export const commitTransaction: Command = {
  fields: ['recoveryToken'],
  transactional: true,
  async run(invocation) {
    const { session, number } = transactionCommand(invocation);
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
