import { toTimestamp } from '../storage/oplog';
import { SESSION_TIMEOUT_MINUTES } from '../session';
import { MAX_DOCUMENT_BYTES } from '../values/codec';
import { doc, int, ObjectId, type Doc } from '../values/value';
import { MAX_WRITE_BATCH, words, type Command, type Invocation } from './invocation';

export const MAX_MESSAGE_BYTES = 48_000_000;
const SET_NAME = 'epochgraph';
const ELECTION_ID = new ObjectId('7fffffff0000000000000001');

/** hello and its older names: what a driver learns of the server before anything else. */
export const hello: Command = {
  // topologyVersion and maxAwaitTimeMS offer the streaming protocol. It is declined by not giving a topologyVersion.
  fields: words(
    'client compression helloOk hostInfo internalClient topologyVersion maxAwaitTimeMS loadBalanced ' +
      'speculativeAuthenticate saslSupportedMechs backpressure',
  ),
  run(invocation) {
    return { body: describe(invocation) };
  },
};

function describe({ engine, address, connectionId, name }: Invocation): Doc {
  const last = toTimestamp(engine.committed);
  const date = new Date(last.getHighBitsUnsigned() * 1000);
  const opTime = doc({ ts: last, t: 1n });
  return doc({
    [name === 'hello' ? 'isWritablePrimary' : 'ismaster']: true,
    helloOk: true,
    hosts: [address],
    setName: SET_NAME,
    setVersion: int(1),
    secondary: false,
    primary: address,
    me: address,
    electionId: ELECTION_ID,
    lastWrite: doc({ opTime, lastWriteDate: date, majorityOpTime: opTime, majorityWriteDate: date }),
    maxBsonObjectSize: int(MAX_DOCUMENT_BYTES),
    maxMessageSizeBytes: int(MAX_MESSAGE_BYTES),
    maxWriteBatchSize: int(MAX_WRITE_BATCH),
    localTime: new Date(),
    logicalSessionTimeoutMinutes: int(SESSION_TIMEOUT_MINUTES),
    connectionId: int(connectionId),
    minWireVersion: int(0),
    maxWireVersion: int(21),
    readOnly: false,
  });
}
