/** The process of many subscribers: opens sockets as ordered, then counts the deliveries of a round and reports them. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Subscribers of one experiment. */
export interface Opening {
  url: string;
  experimentId: string;
  count: number;
  /** Whether their documents are the same, so that each event is executed once for all of them. */
  shared: boolean;
}

/** What came in a round: times in ms since the epoch, latencies in ms from sending the mutation. */
export interface Received {
  deliveries: number;
  /** When the mutation of the first event was sent. */
  began: number;
  last: number;
  latencies: number[];
}

/** One delivery in so many is looked into for its latency. */
const LOOK_AT = 10;

const now = (): number => performance.timeOrigin + performance.now();

/** When the mutation behind a delivery was sent, which the epoch has among its metrics. */
function sentAt(data: Buffer): number {
  return Number(/"sent":([\d.]+)/.exec(data.toString())![1]);
}

function main(): void {
  let sockets: WebSocket[] = [];
  let round: { expected: number; received: Received } | undefined;

  const receive = (data: Buffer): void => {
    if (!round) return;
    const at = now();
    const { received } = round;
    if (received.deliveries === 0) received.began = sentAt(data);
    if (received.deliveries++ % LOOK_AT === 0) received.latencies.push(at - sentAt(data));
    if (received.deliveries < round.expected) return;
    received.last = at;
    process.send!({ received });
    round = undefined;
  };

  const open = async ({ url, experimentId, shared }: Opening, index: number): Promise<WebSocket> => {
    const socket = new WebSocket(url.replace('http', 'ws'), ['graphql-transport-ws']);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = `subscription ($id: ID!) {
      epochLogged(experimentId: $id) { kind cursor epoch { id epoch timestamp metrics { trainLoss valLoss values } } }
    }${shared ? '' : ` # ${index}`}`;
    const payload = { query, variables: { id: experimentId } };
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    // What is asked behind the subscription is answered behind its beginning.
    socket.send(JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{ __typename }' } }));
    let answers = 0;
    await new Promise<void>((resolve) => {
      socket.on('message', () => {
        if (++answers === 2) resolve();
      });
    });
    socket.on('message', receive);
    return socket;
  };

  process.on('message', (message: { open?: Opening; expect?: number; close?: true }) => {
    void (async () => {
      const { open: opening, expect, close } = message;
      if (opening)
        sockets = await Promise.all(Array.from({ length: opening.count }, (_, index) => open(opening, index)));
      if (expect) round = { expected: expect, received: { deliveries: 0, began: 0, last: 0, latencies: [] } };
      if (close) for (const socket of sockets) socket.close();
      process.send!({ ready: true });
    })();
  });
}

if (process.argv.includes('--subscribers')) main();
