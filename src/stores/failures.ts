import {
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';

const UNAVAILABLE = [MongoNetworkError, MongoServerSelectionError, MongoNotConnectedError, MongoTopologyClosedError];

/** Codes of replies that mean "not now": elections, shutdowns, time-outs, write concern not reached. */
const TRANSIENT_CODES = new Set([6, 7, 24, 50, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

const SOCKET_CALLS = new Set(['connect', 'read', 'write']);

/** What Node says of a socket that is used after it has gone, where no system call was tried any more. */
const STREAM_CODES = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether a socket failed: the driver passes some of those errors on as they are (a write's EPIPE). */
function isSocketFailure(error: unknown): boolean {
  // Of another realm than ours, as under jest, Node's errors are none of our class Error.
  const { syscall, code } = Object(error) as NodeJS.ErrnoException;
  return SOCKET_CALLS.has(String(syscall)) || STREAM_CODES.has(String(code));
}

/** Whether a read was ended by its time limit. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/**
 * Whether an error means that the database could not answer for now, so that the same call may succeed later; the
 * outcome of a write is then unknown, and repeating it is safe because every write of the stores is idempotent.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof MongoError)) return isSocketFailure(error) || isTimeout(error);
  // A bulk write reports a connection that broke under it as its own error, around the real one.
  const { errorResponse } = error as { errorResponse?: unknown };
  if ([error.cause, errorResponse].some((inner) => inner !== error && isDatabaseUnavailable(inner))) return true;
  if (UNAVAILABLE.some((kind) => error instanceof kind) || error instanceof MongoWriteConcernError) return true;
  return (
    error.name.startsWith('MongoPool') ||
    error.name === 'MongoWaitQueueTimeoutError' ||
    TRANSIENT_CODES.has(Number(error.code)) ||
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('UnknownTransactionCommitResult')
  );
}
