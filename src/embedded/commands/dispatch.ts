import type { Engine } from '../engine';
import { ensure, MongoError, mongoError } from '../errors';
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
    const many = isTransactional(request.body);
    const allowed = !many || command.transactional;
    ensure(allowed, 'OperationNotSupportedInTransaction', `Cannot run '${name}' in a multi-document transaction.`);
    const repeatable = many || invocation.retryNumber === undefined || command.retryable;
    ensure(
      repeatable,
      'InvalidOptions',
      `${name} is no retryable write command and takes a txnNumber in transactions only`,
    );
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
  const [db, number] = [body.get('$db'), body.get('txnNumber')];
  ensure(typeof db === 'string', 40571, 'OP_MSG requests require a $db argument');
  ensure(number === undefined || typeof number === 'bigint', 'TypeMismatch', 'txnNumber must be a long');
  ensure(number === undefined || session, 'InvalidOptions', 'Transaction number requires a session ID, too');
  // Tailing getMore takes maxTimeMS as how long to wait, not as a limit.
  const maxTime = name === 'getMore' ? 0 : (countField(body, name, 'maxTimeMS') ?? 0);
  const deadline = maxTime > 0 ? Date.now() + maxTime : Infinity;
  const base = { engine, name, db, body, sequences, session, deadline, connectionId, address };
  const outside = { ...base, transaction: undefined, retryNumber: undefined };
  if (session === undefined || number === undefined) return outside;
  if (isTransactional(body)) {
    if (name === 'commitTransaction' || name === 'abortTransaction') return outside;
    return { ...outside, transaction: enter(engine, session, body, number) };
  }
  if (number < session.highest) throw session.tooOld(number, session.highest);
  if (number > session.highest) {
    session.abort();
    session.highest = number;
  }
  return { ...outside, retryNumber: number };
}

function isTransactional(body: Doc): boolean {
  return body.get('autocommit') !== undefined;
}

function enter(engine: Engine, session: Session, body: Doc, number: bigint) {
  ensure(body.get('autocommit') === false, 'InvalidOptions', 'autocommit must be false where it is given');
  if (body.get('startTransaction') !== true) return session.openTransaction(number);
  if (number < session.highest) throw session.tooOld(number, session.highest);
  const known = session.transaction?.number === number || session.ended?.number === number;
  ensure(!known, 117, `Transaction ${number} was started before`);
  session.abort();
  session.highest = number;
  session.transaction = engine.begin(number);
  return session.transaction;
}

function checkGeneric(body: Doc, name: string): void {
  ensure((body.get('apiVersion') ?? '1') === '1', 'APIVersionError', 'API version must be "1"');
  ensure(body.get('apiStrict') !== true, 'InvalidOptions', 'The embedded database does not support apiStrict');
  const starts = body.get('startTransaction') === undefined || isTransactional(body);
  ensure(starts, 'InvalidOptions', 'startTransaction needs autocommit: false');
  const read = body.get('readConcern');
  if (isDoc(read)) {
    const known = READ_LEVELS.includes((read.get('level') ?? 'local') as string);
    ensure(known, 'FailedToParse', `The readConcern level of ${name} must be one of ${READ_LEVELS.join(', ')}`);
    ensure(!read.has('atClusterTime'), 'InvalidOptions', 'The embedded database does not support atClusterTime');
  }
  const write = body.get('writeConcern');
  const w = isDoc(write) ? (write.get('w') ?? 1) : 1;
  const nodes = w === 'majority' ? 1 : (asNumber(w) ?? 2);
  ensure(nodes >= 0 && nodes <= 1, 100, 'Not enough data-bearing nodes: the embedded database is one node');
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
  ensure(body.get('$db') === 'admin', 'Unauthorized', 'configureFailPoint may only be run against admin.');
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
