import type { MongoClient } from 'mongodb';

/** One command that was sent to the database: its name, how long its answer took, and whether that was an error. */
export interface SentCommand {
  /** As MongoDB calls it, such as "find"; "changeStream" for the one that waits for events. */
  name: string;
  ms: number;
  failed: boolean;
}

/** Called as each command is sent, in the asynchronous context of who sent it; what it returns, when it is answered. */
export type CommandObserver = (name: string) => (ms: number, failed: boolean) => void;

/** What is known here of an operation of the driver (mongodb 7.9). */
interface Operation {
  commandName?: string;
  command?: object;
  ns?: { collection?: string };
}

type Send = (operation: Operation, ...rest: unknown[]) => Promise<unknown>;

/** What is used here of the driver's internals (mongodb 7.9, pinned). All of it is optional: another version may differ. */
interface Internals {
  topology?: { s?: { servers?: Map<string, { command?: Send }> } };
}

/** Commands on no collection of their own: a change stream's, on a whole database. */
const WHOLE_DATABASE = '$cmd.aggregate';

function nameOf({ commandName = 'other', command, ns }: Operation): string {
  if (ns?.collection === WHOLE_DATABASE) return 'changeStream';
  return commandName === 'runCommand' && command ? (Object.keys(command)[0] ?? commandName) : commandName;
}

/**
 * Tells `observe` of every command that a client sends for an operation, from the moment that it asks for a connection.
 * To be called before the client connects.
 *
 * The driver's own command monitoring would decode every reply a second time, whoever listens, and that costs more than
 * anything else that a read does in this process (docs/operations.md has figures). So the method through which the
 * driver sends is wrapped, on each server that it comes to know. Where the internals differ, nothing is observed.
 */
export function observeCommands(client: MongoClient, observe: CommandObserver): void {
  client.on('serverOpening', ({ address }) => {
    // The driver lists the server once this event has been emitted, and sends nothing before.
    queueMicrotask(() => {
      const server = (client as unknown as Internals).topology?.s?.servers?.get(address);
      const send = server?.command?.bind(server);
      if (!server || !send) return;
      server.command = async (operation, ...rest) => {
        const answered = observe(nameOf(operation));
        const began = performance.now();
        try {
          const answer = await send(operation, ...rest);
          answered(performance.now() - began, false);
          return answer;
        } catch (error) {
          answered(performance.now() - began, true);
          throw error;
        }
      };
    });
  });
}
