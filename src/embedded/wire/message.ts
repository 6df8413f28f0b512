import { mongoError } from '../errors';
import type { Reply } from '../commands/invocation';
import { decode } from '../values/codec';
import { encode } from '../values/encoder';
import type { Doc } from '../values/value';

export const OP_REPLY = 1;
export const OP_QUERY = 2004;
export const OP_MSG = 2013;
const HEADER_BYTES = 16;
const MORE_TO_COME = 2;

export interface Header {
  length: number;
  requestId: number;
  opCode: number;
}

/** A request taken apart. */
export interface ParsedMessage {
  header: Header;
  body: Doc;
  sequences: Map<string, Buffer[]>;
  /** The client wants no answer. */
  silent: boolean;
}

/** A message that breaks the protocol: the connection is closed, since nothing after it can be trusted. */
export class ProtocolViolation extends Error {}

export function readHeader(bytes: Buffer): Header {
  return { length: bytes.readInt32LE(0), requestId: bytes.readInt32LE(4), opCode: bytes.readInt32LE(12) };
}

/** Takes a whole message apart. Throws ProtocolViolation for broken framing, MongoError for a bad document in it. */
export function parseMessage(message: Buffer): ParsedMessage {
  const header = readHeader(message);
  if (header.opCode === OP_MSG) return parseMsg(message, header);
  if (header.opCode === OP_QUERY) return parseQuery(message, header);
  throw new ProtocolViolation(`Unsupported operation ${header.opCode}; compression is not offered`);
}

function parseMsg(message: Buffer, header: Header): ParsedMessage {
  if (message.length < HEADER_BYTES + 4 + 1 + 5) throw new ProtocolViolation('OP_MSG is too short');
  const flags = message.readUInt32LE(HEADER_BYTES);
  // Flags that a receiver must understand are the low 16. Checksums are refused: no driver sends them unasked.
  if ((flags & 0xffff & ~MORE_TO_COME) !== 0) throw new ProtocolViolation(`OP_MSG has unknown required flags ${flags}`);
  const end = message.length;
  let body: Buffer | undefined;
  const sequences = new Map<string, Buffer[]>();
  for (let at = HEADER_BYTES + 4; at < end;) {
    const kind = message[at++];
    const size = sizeAt(message, at, end);
    const section = message.subarray(at, at + size);
    at += size;
    if (kind === 0) {
      if (body !== undefined) throw new ProtocolViolation('OP_MSG has two bodies');
      body = section;
    } else if (kind === 1) {
      const [name, documents] = parseSequence(section);
      if (sequences.has(name)) throw new ProtocolViolation(`OP_MSG has two sequences ${name}`);
      sequences.set(name, documents);
    } else throw new ProtocolViolation(`OP_MSG has a section of unknown kind ${kind}`);
  }
  if (body === undefined) throw new ProtocolViolation('OP_MSG has no body');
  const decoded = decode(body);
  for (const name of sequences.keys()) {
    if (decoded.has(name)) throw mongoError('FailedToParse', `${name} is both in the body and a sequence of its own`);
  }
  return { header, body: decoded, sequences, silent: (flags & MORE_TO_COME) !== 0 };
}

function sizeAt(message: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw new ProtocolViolation('OP_MSG section is cut off');
  const size = message.readInt32LE(at);
  if (size < 5 || at + size > end) throw new ProtocolViolation(`OP_MSG section has an impossible size ${size}`);
  return size;
}

function parseSequence(section: Buffer): [string, Buffer[]] {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new ProtocolViolation('OP_MSG sequence has no name');
  const documents: Buffer[] = [];
  for (let at = nameEnd + 1; at < section.length;) {
    const size = sizeAt(section, at, section.length);
    documents.push(section.subarray(at, at + size));
    at += size;
  }
  return [section.toString('utf8', 4, nameEnd), documents];
}

/** The legacy form that drivers open a connection with; only hello comes this way. */
function parseQuery(message: Buffer, header: Header): ParsedMessage {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd < 0 || nameEnd + 9 > message.length) throw new ProtocolViolation('OP_QUERY is cut off');
  const ns = message.toString('utf8', HEADER_BYTES + 4, nameEnd);
  const size = sizeAt(message, nameEnd + 9, message.length);
  const body = decode(message.subarray(nameEnd + 9, nameEnd + 9 + size));
  const [name] = body.keys();
  const legacyHello = name !== undefined && ['ismaster', 'isMaster', 'hello'].includes(name);
  if (!ns.endsWith('.$cmd') || !legacyHello) {
    throw mongoError(
      'CommandNotSupported',
      'OP_QUERY is no longer supported. The client driver may require an upgrade.',
    );
  }
  body.set('$db', ns.slice(0, -'.$cmd'.length));
  return { header, body, sequences: new Map(), silent: false };
}

/** Frames a reply for the operation that asked for it. */
export function frameReply(reply: Reply, request: Header, requestId: number): Buffer {
  const body = encodeReply(reply);
  const legacy = request.opCode === OP_QUERY;
  const prefix = Buffer.alloc(HEADER_BYTES + (legacy ? 20 : 5));
  prefix.writeInt32LE(prefix.length + body.length, 0);
  prefix.writeInt32LE(requestId, 4);
  prefix.writeInt32LE(request.requestId, 8);
  prefix.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12);
  if (legacy) {
    prefix.writeInt32LE(8, 16);
    prefix.writeInt32LE(1, 32);
  }
  return Buffer.concat([prefix, body]);
}

/** The reply as BSON; a cursor's documents are put in as they are stored. */
function encodeReply({ body, cursor }: Reply): Buffer {
  const rest = encode(body);
  if (cursor === undefined) return rest;
  const batch = encodeArray(cursor.documents);
  const tail = encode(
    new Map([['id', cursor.id], ['ns', cursor.ns], ...(cursor.extra ?? [])] as Iterable<[string, never]>),
  );
  const inner = [Buffer.from(`\x04${cursor.field}\0`, 'latin1'), ...batch, tail.subarray(4)];
  const innerSize = 4 + inner.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(4 + 1 + 'cursor'.length + 1 + 4);
  head.writeInt32LE(head.length - 4 + innerSize - 4 + rest.length, 0);
  head.write('\x03cursor\0', 4, 'latin1');
  head.writeInt32LE(innerSize, head.length - 4);
  return Buffer.concat([head, ...inner, rest.subarray(4)]);
}

function encodeArray(documents: Buffer[]): Buffer[] {
  const parts: Buffer[] = [Buffer.alloc(4)];
  let size = 5;
  documents.forEach((document, i) => {
    const name = Buffer.from(`\x03${i}\0`, 'latin1');
    parts.push(name, document);
    size += name.length + document.length;
  });
  parts.push(Buffer.alloc(1));
  parts[0]?.writeInt32LE(size, 0);
  return parts;
}
