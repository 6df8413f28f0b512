import type { ChangeStreamDocument, Document, ResumeToken } from 'mongodb';
import { EJSON } from 'bson';
import { ChangeKind } from '../../types/enums/ChangeKind';
import { badInput } from '../errors';
import { COLLECTION_NAMES, type CollectionName } from '../stores/collections';

/** A change of one stored document, in commit order. */
export interface LiveEvent {
  /** The event's resume token, encoded: where a subscriber that has seen it continues. */
  cursor: string;
  collection: CollectionName;
  kind: ChangeKind;
  id: unknown;
  /** The document now: it may be newer than the event. Null for a deletion, and for one that was deleted since. */
  document: Document | null;
}

/** What an entry of the change stream means to subscribers. */
export type FeedEntry = LiveEvent | 'reset' | 'ignored';

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
      $or: [{ 'ns.coll': { $in: [...COLLECTION_NAMES] } }, { operationType: { $in: ['dropDatabase', 'invalidate'] } }],
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
  if (RESETTING.has(change.operationType)) return 'reset';
  const kind = KINDS[change.operationType];
  if (!kind || !('documentKey' in change) || !('ns' in change)) return 'ignored';
  return {
    cursor: encodeToken(change._id),
    collection: (change.ns as { coll: CollectionName }).coll,
    kind,
    id: change.documentKey._id,
    document: ('fullDocument' in change && change.fullDocument) || null,
  };
}
