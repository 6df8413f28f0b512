import type { Doc } from './value';

/** Decodes one BSON document; throws MongoError 22 (InvalidBSON) on anything malformed. */
export function decode(bytes: Uint8Array): Doc {
  throw new Error(`not yet: ${bytes.length}`);
}

/** Encodes a document as BSON. */
export function encode(document: Doc): Buffer {
  throw new Error(`not yet: ${document.size}`);
}
