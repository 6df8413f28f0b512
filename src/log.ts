import { AsyncLocalStorage } from 'node:async_hooks';
import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type Log = Logger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the server is at work on: its ids stand in every line that is logged meanwhile. */
export interface Task {
  /** The request's id, or that of the connection. */
  readonly requestId: string;
  /** The client's own id of an operation, on a connection that has several. */
  operationId?: string;
  /** Commands that were sent to the database for it, so far. */
  commands: number;
}

const tasks = new AsyncLocalStorage<Task>();

/** Runs `work`, and all that it sets going, as part of a new task. */
export function asTask<T>(ids: Pick<Task, 'requestId' | 'operationId'>, work: () => T): T {
  return tasks.run({ ...ids, commands: 0 }, work);
}

/** The task that is at work here; undefined for what the server does on its own. */
export function currentTask(): Task | undefined {
  return tasks.getStore();
}

/** Passwords and tokens, wherever they stand in a text: in URIs, in options of URIs, in headers. */
const SECRETS: readonly [RegExp, string][] = [
  [/\b(mongodb(?:\+srv)?:\/\/)[^\s"'<>\\]*@/gi, '$1***@'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>\\/@]+@/gi, '$1***@'],
  [/([?&;,=]\w*(?:password|secret|token)\w*[=:])[^&\s"'\\,]+/gi, '$1***'],
  [/(authorization["'\\]*\s*[:=]\s*["'\\]*)(?:(?:basic|bearer)\s+)?[^\s"'\\,]+/gi, '$1***'],
  [/\b(bearer\s+)[\w.~+/=-]{16,}/gi, '$1***'],
];

/** A text without the credentials in it. */
export function redacted(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * The server's logger, on stderr: lines for a person on a terminal, JSON (one object a line) anywhere else, or to
 * `destination`. Every line has the ids of the request that it is about, and none has a password.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    mixin: () => {
      const { requestId, operationId } = tasks.getStore() ?? {};
      return {
        ...(requestId === undefined ? {} : { requestId }),
        ...(operationId === undefined ? {} : { operationId }),
      };
    },
    hooks: { streamWrite: redacted },
  };
  if (destination) return pino(options, destination);
  if (process.stderr.isTTY) {
    return pino(options, pretty({ destination: 2, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', sync: true }));
  }
  return pino(options, pino.destination({ fd: 2, sync: true }));
}
