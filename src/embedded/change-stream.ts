import { compilePipeline, type Pipeline, type StageSource } from './aggregate';
import type { Batch, CursorSource } from './cursors';
import type { Engine } from './engine';
import { ensure, MongoError, mongoError } from './errors';
import { execute, newExecution } from './query';
import { show } from './values/show';
import { fromTimestamp, readAfter, toTimestamp, type OplogEntry } from './storage/oplog';
import { readState } from './storage/store';
import type { View } from './storage/view';
import { equal } from './values/compare';
import { decode } from './values/codec';
import { encode } from './values/encoder';
import { doc, isDoc, Timestamp, typeName, type Doc, type Value } from './values/value';

/** A place between events: after the operation `ordinal` of the commit `instant`. */
interface Position {
  instant: bigint;
  ordinal: number;
  /** After the invalidate event that followed the operation. */
  invalidated: boolean;
}

/** What a stream watches: a collection, a database (no collection) or everything (neither). */
interface Scope {
  db: string | undefined;
  collection: string | undefined;
}

/** Ordinal after all of a commit's operations; one less than the largest, so that a key after it can be made. */
const END_OF_COMMIT = 0xffff_fffe;
const BATCH_BYTES = 16 * 1024 * 1024;
const DEFAULT_WAIT_MS = 1000;
const OPTIONS =
  'fullDocument fullDocumentBeforeChange resumeAfter startAfter startAtOperationTime allChangesForCluster ' +
  'showExpandedEvents';
/** Stages that may follow $changeStream: those that give one document for one. */
const STAGES = ['$match', '$project', '$addFields', '$set', '$unset', '$replaceRoot', '$replaceWith'];

/** The resume token of a position. Tokens sort as their positions do. */
function resumeToken(position: Position): Doc {
  const instant = position.instant.toString(16).padStart(16, '0');
  const ordinal = position.ordinal.toString(16).padStart(8, '0');
  return doc({ _data: `82${instant}${ordinal}${position.invalidated ? '01' : '00'}`.toUpperCase() });
}

function parseToken(token: Value | undefined): Position {
  const data = isDoc(token) ? token.get('_data') : undefined;
  if (typeof data !== 'string') throw new MongoError(40647, 'Bad resume token: _data of missing or of wrong type');
  if (!/^([0-9A-Fa-f]{2})*$/.test(data))
    throw mongoError('FailedToParse', 'resume token string was not a valid hex string');
  const parts = /^82(.{16})(.{8})(0[01])$/.exec(data);
  if (parts === null) throw new MongoError(260, 'The resume token was not made by this database');
  const [, instant, ordinal, kind] = parts;
  return { instant: BigInt(`0x${instant}`), ordinal: parseInt(ordinal ?? '', 16), invalidated: kind === '01' };
}

/** Throws when the oplog was trimmed past a position. */
function ensureHistory(view: View, { instant }: Position): void {
  if (instant >= readState(view).floor) return;
  const message = 'Resume of change stream was not possible, as the resume point may no longer be in the oplog.';
  throw mongoError('ChangeStreamHistoryLost', message, { errorLabels: ['NonResumableChangeStreamError'] });
}

/** A change stream: tails the oplog from a position. */
export class ChangeStream implements CursorSource {
  private position: Position;
  private readonly updateLookup: boolean;
  private readonly pipeline: Pipeline;
  private invalidated = false;
  private closed: MongoError | undefined;
  private wake: () => void = () => undefined;
  private readonly unsubscribe: () => void;

  /** Throws what mongod throws for bad options, stages or tokens, and 286 when the oplog was trimmed past the start. */
  constructor(
    private readonly engine: Engine,
    private readonly scope: Scope,
    options: Doc,
    stages: Value[],
  ) {
    const unknown = [...options.keys()].find((option) => !OPTIONS.split(' ').includes(option));
    ensure(!unknown, 40415, `BSON field '$changeStream.${unknown}' is an unknown field.`);
    this.updateLookup = wantsLookup(options);
    for (const stage of stages) checkStage(stage);
    this.pipeline = compilePipeline(stages);
    this.position = this.startOf(options);
    this.read(0);
    this.unsubscribe = engine.onCommit(() => this.wake());
  }

  /** Waits up to `waitMs` for events; answers with what there is, and the token of how far it has read. */
  async next(size: number, waitMs = DEFAULT_WAIT_MS): Promise<Batch> {
    const until = Date.now() + waitMs;
    for (;;) {
      // Before the read, so that a commit between the read and the wait is not slept through.
      const signalled = new Promise<void>((resolve) => (this.wake = resolve));
      const documents = this.read(size);
      const left = until - Date.now();
      if (documents.length > 0 || left <= 0 || size === 0) {
        const extra = doc({ postBatchResumeToken: resumeToken(this.position) });
        return { documents, exhausted: this.invalidated, extra };
      }
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, left)));
      await Promise.race([signalled, timeout]);
      clearTimeout(timer);
      if (this.closed !== undefined) throw this.closed;
    }
  }

  close(): void {
    this.closed = new MongoError(237, 'The change stream was closed');
    this.unsubscribe();
    this.wake();
  }

  private startOf(options: Doc): Position {
    const given = ['resumeAfter', 'startAfter', 'startAtOperationTime'].filter((name) => options.has(name));
    ensure(given.length < 2, 50573, `Only one of ${given.join(', ')} may be specified for a $changeStream stage`);
    const at = options.get('startAtOperationTime');
    if (at !== undefined) {
      ensure(at instanceof Timestamp, 'TypeMismatch', `startAtOperationTime must be a timestamp, not ${typeName(at)}`);
      return { instant: fromTimestamp(at) - 1n, ordinal: END_OF_COMMIT, invalidated: false };
    }
    if (given.length === 0) return { instant: this.engine.committed, ordinal: END_OF_COMMIT, invalidated: false };
    const position = parseToken(options.get(given[0] as string));
    const past = position.invalidated && given[0] === 'resumeAfter';
    ensure(!past, 260, 'Resuming a change stream with resumeAfter from an invalidate notification is not allowed');
    return position;
  }

  private read(size: number): Buffer[] {
    const documents: Buffer[] = [];
    if (this.invalidated) return documents;
    const snapshot = this.engine.snapshot();
    try {
      ensureHistory(snapshot, this.position);
      if (size === 0) return documents;
      let bytes = 0;
      for (const entry of readAfter(snapshot, this.position.instant, this.position.ordinal)) {
        this.position = { instant: entry.instant, ordinal: entry.ordinal, invalidated: false };
        const shaped = [this.shape(this.eventOf(entry, snapshot))];
        if (this.invalidates(entry)) {
          this.position.invalidated = this.invalidated = true;
          shaped.push(this.shape(base(entry, this.position, 'invalidate')));
        }
        for (const event of shaped)
          if (event !== undefined) {
            documents.push(event);
            bytes += event.length;
          }
        if (this.invalidated || documents.length >= size || bytes > BATCH_BYTES) return documents;
      }
      if (snapshot.instant > this.position.instant)
        this.position = { instant: snapshot.instant, ordinal: END_OF_COMMIT, invalidated: false };
      return documents;
    } finally {
      snapshot.release();
    }
  }

  private watches(entry: OplogEntry): boolean {
    const { db, collection } = this.scope;
    if (db !== undefined && entry.db !== db) return false;
    return collection === undefined || entry.collection === collection;
  }

  private invalidates(entry: OplogEntry): boolean {
    if (!this.watches(entry)) return false;
    if (this.scope.collection !== undefined) return entry.type === 'drop';
    return this.scope.db !== undefined && entry.type === 'dropDatabase';
  }

  private eventOf(entry: OplogEntry, view: View): Doc | undefined {
    if (!this.watches(entry)) return undefined;
    const { type, db, collection, id } = entry;
    // Events of the other kinds are only for showExpandedEvents, which is refused.
    if (type === 'create' || type === 'createIndexes' || type === 'dropIndexes') return undefined;
    const looksUp = type === 'update' && this.updateLookup;
    const event = doc({
      fullDocument: entry.document ? decode(entry.document) : looksUp ? lookup(this.engine, view, entry) : undefined,
      ns: doc({ db, coll: type === 'dropDatabase' ? undefined : collection }),
      documentKey: id === undefined ? undefined : doc({ _id: id }),
      updateDescription: entry.description,
    });
    return new Map([...base(entry, this.position, type), ...event]);
  }

  /** Runs an event through the stages behind $changeStream; undefined when they drop it. */
  private shape(event: Doc | undefined): Buffer | undefined {
    if (event === undefined) return undefined;
    const [shaped] = this.pipeline.runAll([event], NO_COLLECTIONS);
    if (shaped === undefined) return undefined;
    if (!equal(shaped.get('_id'), event.get('_id'))) {
      const message = "The pipeline changed an event's _id, its resume token: the stream could not be resumed from it";
      throw mongoError('ChangeStreamFatalError', message, { errorLabels: ['NonResumableChangeStreamError'] });
    }
    return encode(shaped);
  }
}

const NO_COLLECTIONS: StageSource = { find: () => [] };

function base(entry: OplogEntry, position: Position, operationType: string): Doc {
  const { wallTime, txnNumber, lsid } = entry;
  const clusterTime = toTimestamp(entry.instant);
  return doc({ _id: resumeToken(position), operationType, clusterTime, wallTime, txnNumber, lsid });
}

/** The document as it is now, or null when it is gone. */
function lookup(engine: Engine, view: View, { db, collection: name, uuid, id }: OplogEntry): Value {
  const collection = engine.catalog.get(`${db}.${name}`);
  if (collection === undefined || id === undefined || !equal(collection.uuid, uuid)) return null;
  const [row] = execute(view, collection, { filter: doc({ _id: doc({ $eq: id }) }) }, newExecution());
  return row?.document ?? null;
}

function wantsLookup(options: Doc): boolean {
  const full = options.get('fullDocument') ?? 'default';
  const before = options.get('fullDocumentBeforeChange') ?? 'off';
  const expands = options.get('showExpandedEvents') === true;
  ensure(!expands, 'InvalidOptions', 'The embedded database does not support showExpandedEvents of $changeStream');
  const images = before !== 'off' || full === 'whenAvailable' || full === 'required';
  ensure(!images, 'InvalidOptions', 'The embedded database keeps no pre- and post-images for $changeStream');
  const known = full === 'default' || full === 'updateLookup';
  ensure(known, 'BadValue', `'${show(full)}' is not a valid value of '$changeStream.fullDocument'`);
  return full === 'updateLookup';
}

function checkStage(stage: Value): void {
  const name = isDoc(stage) ? stage.keys().next().value : undefined;
  if (name === '$changeStream') throw onlyFirst();
  if (name !== undefined && STAGES.includes(name)) return;
  throw mongoError('IllegalOperation', `${String(name)} is not permitted in a $changeStream pipeline`);
}

function onlyFirst(): MongoError {
  return new MongoError(40602, '$changeStream is only valid as the first stage in a pipeline.');
}

/** The options of a pipeline's $changeStream stage, or undefined when it has none; it must come first. */
export function changeStreamOptions(pipeline: Value[]): Doc | undefined {
  const [first, ...rest] = pipeline;
  if (rest.some((stage) => isDoc(stage) && stage.has('$changeStream'))) throw onlyFirst();
  if (!isDoc(first) || !first.has('$changeStream')) return undefined;
  const options = first.get('$changeStream');
  if (!isDoc(options)) throw new MongoError(50808, '$changeStream stage expects a document as argument.');
  return options;
}
