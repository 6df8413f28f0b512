import type { ChangeStreamDocument, Document, ResumeToken, Timestamp } from 'mongodb';
import { EJSON } from 'bson';
import { ChangeKind } from '../../types/enums/ChangeKind';
import { badInput } from '../errors';
import { COLLECTION_NAMES, type CollectionName } from '../stores/collections';
import { HEARTBEATS } from '../stores/heartbeats';
import { API_TOKENS } from '../stores/tokens';

/** A change of one stored document, in commit order. */
export interface LiveEvent {
  /** The event's resume token, encoded: where a subscriber that has seen it continues. */
  cursor: string;
  collection: CollectionName;
  kind: ChangeKind;
  id: unknown;
  /** The document now: it may be newer than the event. Null for a deletion, and for one that was deleted since. */
  document: Document | null;
  /** When it was committed, on the clock of the database's replica set. */
  clusterTime: Timestamp | undefined;
}

/** A server has written its heartbeat: the stream is alive, and this is a place to continue from. */
export interface Heartbeat {
  cursor: string;
  server: unknown;
  at: unknown;
}

/** What an entry of the change stream means: to subscribers, or, `token`, to those who came in with the token of that id. */
export type FeedEntry = LiveEvent | { heartbeat: Heartbeat } | { token: unknown } | 'reset' | 'ignored';

const KINDS: Partial<Record<ChangeStreamDocument['operationType'], ChangeKind>> = {
  insert: ChangeKind.CREATED,
  update: ChangeKind.UPDATED,
  replace: ChangeKind.UPDATED,
  delete: ChangeKind.DELETED,
};

/** Entries after which the stored documents are others without an event for each. */
const RESETTING = new Set(['drop', 'rename', 'dropDatabase', 'invalidate']);

const LONGEST_CURSOR = 4096;

/** The pipeline of every change stream that the server opens; the same one always, so that cursors fit all of them. */
export const PIPELINE: Document[] = [
  {
    $match: {
      $or: [
        { 'ns.coll': { $in: [...COLLECTION_NAMES, HEARTBEATS, API_TOKENS] } },
        { operationType: { $in: ['dropDatabase', 'invalidate'] } },
      ],
    },
  },
];

/** A resume token as a cursor: the whole token, in extended JSON, as base64url. */
export function encodeToken(token: ResumeToken): string {
  return Buffer.from(EJSON.stringify(token as Document, { relaxed: false })).toString('base64url');
}

/** The resume token of a cursor; BAD_USER_INPUT for text that can't be one. */
export function decodeToken(cursor: string): ResumeToken {
  try {
    if (cursor.length > LONGEST_CURSOR) throw new RangeError('too long');
    const token = EJSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Document | null;
    if (typeof token?._data !== 'string') throw new TypeError('no token');
    return token;
  } catch {
    throw badInput('after', 'is not a cursor of a subscription; take one from an event');
  }
}

/** Reads an entry of a change stream opened with PIPELINE. */
export function readChange(change: ChangeStreamDocument): FeedEntry {
  const name = 'ns' in change && 'coll' in change.ns ? change.ns.coll : undefined;
  if (RESETTING.has(change.operationType)) return name === HEARTBEATS || name === API_TOKENS ? 'ignored' : 'reset';
  const kind = KINDS[change.operationType];
  if (!kind || !('documentKey' in change) || name === undefined) return 'ignored';
  if (name === API_TOKENS) return { token: change.documentKey._id };
  const document: Document | null = ('fullDocument' in change && change.fullDocument) || null;
  if (name === HEARTBEATS)
    return { heartbeat: { cursor: encodeToken(change._id), server: change.documentKey._id, at: document?.at } };
  return {
    cursor: encodeToken(change._id),
    collection: name as CollectionName,
    kind,
    id: change.documentKey._id,
    document,
    clusterTime: change.clusterTime,
  };
}
