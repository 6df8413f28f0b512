import type { Engine } from '../engine';
import { MongoError, mongoError } from '../errors';
import type { Failure } from '../fail-points';
import type { Session } from '../session';
import { toTimestamp } from '../storage/oplog';
import { TRANSIENT } from '../transaction';
import { asNumber, Binary, doc, int, isDoc, type Doc, type Value } from '../values/value';
import { checkFields, countField, type Invocation, type Reply } from './invocation';
import { COMMANDS } from './registry';

/** A command as the wire protocol hands it over. */
export interface Request {
  body: Doc;
  sequences: Map<string, Buffer[]>;
  connectionId: number;
  address: string;
}

/** Thrown to have the connection closed without an answer. */
export class CloseConnection extends Error {}

const READ_LEVELS = ['local', 'majority', 'available', 'snapshot', 'linearizable'];
/** Codes after which drivers repeat a write, as the server labels them. */
const RETRYABLE_CODES = [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];

/** Answers one command. Every failure becomes a reply, but for a fail point that closes the connection. */
export async function dispatch(engine: Engine, request: Request): Promise<Reply> {
  let session: Session | undefined;
  let inTransaction = false;
  try {
    const [name] = request.body.keys();
    if (name === undefined) throw mongoError('FailedToParse', 'Command is empty');
    const failure = await fail(engine, name, request.body);
    if (name === 'configureFailPoint') return finish(engine, configure(engine, request.body));
    const command = COMMANDS.get(name);
    if (command === undefined) throw mongoError('CommandNotFound', `no such command: '${name}'`);
    checkGeneric(request.body, name);
    checkFields(request.body, name, command);
    const lsid = request.body.get('lsid');
    session = lsid === undefined ? undefined : engine.sessions.use(lsid);
    const invocation = invoke(engine, request, name, session);
    inTransaction = invocation.transaction !== undefined;
    if (isTransactional(request.body)) {
      if (command.transactional !== true) {
        throw mongoError('OperationNotSupportedInTransaction', `Cannot run '${name}' in a multi-document transaction.`);
      }
    } else if (invocation.retryNumber !== undefined && command.retryable !== true) {
      throw mongoError(
        'InvalidOptions',
        `txnNumber may only be provided for multi-document transactions and retryable write commands. autocommit:false was not provided, and ${name} is not a retryable write command.`,
      );
    }
    const reply = await command.run(invocation);
    if (failure?.writeConcernError) reply.body.set('writeConcernError', failure.writeConcernError);
    if (inTransaction && reply.body.has('writeErrors')) session?.abort();
    return finish(engine, reply);
  } catch (error) {
    if (error instanceof CloseConnection) throw error;
    // MongoDB ends a transaction at its first failed statement.
    if (inTransaction && session?.transaction !== undefined) {
      engine.cursors.killOf(session.transaction);
      session.abort();
    }
    return finish(engine, failed(engine, error, request.body));
  }
}

function invoke(engine: Engine, request: Request, name: string, session: Session | undefined): Invocation {
  const { body, sequences, connectionId, address } = request;
  const db = body.get('$db');
  if (typeof db !== 'string') throw new MongoError(40571, 'OP_MSG requests require a $db argument');
  const number = body.get('txnNumber');
  if (number !== undefined && typeof number !== 'bigint') throw mongoError('TypeMismatch', 'txnNumber must be a long');
  if (number !== undefined && session === undefined) {
    throw mongoError('InvalidOptions', 'Transaction number requires a session ID to also be specified');
  }
  // Tailing getMore takes maxTimeMS as how long to wait, not as a limit.
  const maxTime = name === 'getMore' ? 0 : (countField(body, name, 'maxTimeMS') ?? 0);
  const deadline = maxTime > 0 ? Date.now() + maxTime : Infinity;
  const base = { engine, name, db, body, sequences, session, deadline, connectionId, address };
  if (session === undefined || number === undefined) return { ...base, transaction: undefined, retryNumber: undefined };
  if (isTransactional(body)) {
    if (name === 'commitTransaction' || name === 'abortTransaction') {
      return { ...base, transaction: undefined, retryNumber: undefined };
    }
    return { ...base, transaction: enter(engine, session, body, number), retryNumber: undefined };
  }
  if (number < session.highest) throw session.tooOld(number, session.highest);
  if (number > session.highest) {
    session.abort();
    session.highest = number;
  }
  return { ...base, transaction: undefined, retryNumber: number };
}

function isTransactional(body: Doc): boolean {
  return body.get('autocommit') !== undefined;
}

function enter(engine: Engine, session: Session, body: Doc, number: bigint) {
  if (body.get('autocommit') !== false)
    throw mongoError('InvalidOptions', 'autocommit must be false where it is given');
  if (body.get('startTransaction') !== true) return session.openTransaction(number);
  if (number < session.highest) throw session.tooOld(number, session.highest);
  const known = session.transaction?.number === number || session.ended?.number === number;
  if (known) throw new MongoError(117, `Transaction ${number} was started before`);
  session.abort();
  session.highest = number;
  session.transaction = engine.begin(number);
  return session.transaction;
}

function checkGeneric(body: Doc, name: string): void {
  const version = body.get('apiVersion');
  if (version !== undefined && version !== '1') throw mongoError('APIVersionError', `API version must be "1"`);
  if (body.get('apiStrict') === true)
    throw mongoError('InvalidOptions', 'The embedded database does not support apiStrict');
  if (body.get('startTransaction') !== undefined && !isTransactional(body)) {
    throw mongoError('InvalidOptions', 'startTransaction needs autocommit: false');
  }
  const read = body.get('readConcern');
  if (isDoc(read)) {
    const level = read.get('level');
    if (level !== undefined && !READ_LEVELS.includes(level as string)) {
      throw mongoError(
        'FailedToParse',
        `Either 'local', 'majority', 'available', 'snapshot' or 'linearizable' must be the readConcern level of ${name}`,
      );
    }
    if (read.has('atClusterTime'))
      throw mongoError('InvalidOptions', 'The embedded database does not support readConcern.atClusterTime');
  }
  const write = body.get('writeConcern');
  if (!isDoc(write)) return;
  const w = write.get('w');
  const nodes = asNumber(w);
  if (w !== undefined && w !== 'majority' && (nodes === undefined || nodes > 1 || nodes < 0)) {
    throw new MongoError(100, 'Not enough data-bearing nodes: the embedded database is one node');
  }
}

async function fail(engine: Engine, name: string, body: Doc): Promise<Failure | undefined> {
  const failure = engine.failPoints.failure(name);
  if (failure === undefined) return undefined;
  if (failure.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, failure.blockMs));
  if (failure.closeConnection) throw new CloseConnection();
  if (failure.error !== undefined) throw labelled(failure.error, name, body);
  return failure;
}

function labelled(error: MongoError, name: string, body: Doc): MongoError {
  if (error.errorLabels.length > 0 || !RETRYABLE_CODES.includes(error.code)) return error;
  const ends = name === 'commitTransaction' || name === 'abortTransaction';
  if (isTransactional(body) && !ends) return new MongoError(error.code, error.message, TRANSIENT);
  if (!body.has('txnNumber')) return error;
  return new MongoError(error.code, error.message, { errorLabels: ['RetryableWriteError'] });
}

function configure(engine: Engine, body: Doc): Reply {
  if (body.get('$db') !== 'admin')
    throw mongoError('Unauthorized', 'configureFailPoint may only be run against the admin database.');
  engine.failPoints.configure(body.get('configureFailPoint'), body.get('mode'), body.get('data'));
  return { body: new Map() };
}

function failed(engine: Engine, error: unknown, body: Doc): Reply {
  let known: MongoError;
  if (error instanceof MongoError) known = error;
  else {
    // The client learns that it failed; why is for the log.
    const cause = error instanceof Error ? error : new Error(String(error));
    engine.report(`The embedded database failed in ${body.keys().next().value ?? 'a command'}`, cause);
    known = mongoError('InternalError', 'The embedded database failed; its log says why');
  }
  const conflict = isTransactional(body) && known.code === 112 ? TRANSIENT.errorLabels : [];
  const labels = [...new Set([...known.errorLabels, ...conflict])];
  const fields = Object.fromEntries(known.fields) as Record<string, Value>;
  const { message, code, codeName } = known;
  const errorLabels = labels.length > 0 ? labels : undefined;
  return { body: doc({ ok: 0, errmsg: message, code: int(code), codeName, ...fields, errorLabels }) };
}

/** Adds what every reply of a replica set ends with. */
function finish(engine: Engine, reply: Reply): Reply {
  const time = toTimestamp(engine.committed);
  const signature = doc({ hash: new Binary(Buffer.alloc(20)), keyId: 0n });
  const body: Doc = new Map(reply.body);
  if (!body.has('ok')) body.set('ok', 1);
  body.set('$clusterTime', doc({ clusterTime: time, signature }));
  body.set('operationTime', time);
  return { ...reply, body };
}
