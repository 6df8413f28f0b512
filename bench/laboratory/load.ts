import autocannon from 'autocannon';
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { quantile } from './statistics';

/** Requests that are sent, each connection waiting for an answer before its next one. */
export interface Load {
  url: string;
  connections: number;
  /** Bodies that take turns, or, for a connection, the bodies that log epochs to an experiment of its own. */
  bodies: readonly string[] | Logging;
  /** How many requests in all; each connection sends the same number. */
  amount: number;
}

/** Epochs numbered on from `first`, `batch` of them a request. */
export interface Logging {
  document: string;
  /** One a connection. */
  experimentIds: readonly string[];
  first: number;
  batch: number | undefined;
}

/** What became of a load. */
export interface LoadReport {
  requests: number;
  seconds: number;
  /** From a request to the end of its answer, in ms. */
  latencyMs: { p50: number; p90: number; p99: number };
  /** Mean size of an answer with its headers. */
  answerBytes: number;
}

/** The process that loads come from. */
export interface LoadProcess {
  run: (load: Load) => Promise<LoadReport>;
  stop: () => void;
}

export function startLoadProcess(): LoadProcess {
  const child = fork(__filename, ['--load']);
  return {
    run: async (load) => {
      const answered = once(child, 'message') as Promise<[LoadReport | { fault: string }]>;
      child.send(load);
      const [report] = await answered;
      if ('fault' in report) throw new Error(report.fault);
      return report;
    },
    stop: () => void child.kill(),
  };
}

/** Whether an answer has data and no errors, from its ends alone. */
function isSuccess(body: string): boolean {
  return body.startsWith('{"data":{') && body.slice(-4).trimEnd().endsWith('}}');
}

/** Metrics as trainers send them: six, with all their digits. */
export function metricsOf(epoch: number): Record<string, number> {
  const loss = Math.exp(-epoch / 100) + Math.sin(epoch) / 50;
  return {
    train_loss: loss,
    val_loss: loss * 1.1,
    learning_rate: 0.001 * 0.999 ** epoch,
    val_mae: loss * 0.8,
    val_rmse: loss * 1.2,
    val_r2: 1 - loss,
  };
}

function* bodiesOf({ document, experimentIds, first, batch }: Logging, connection: number): Generator<string> {
  const experimentId = experimentIds[connection]!;
  for (let epoch = first; ;) {
    const input =
      batch === undefined
        ? { experimentId, epoch, metrics: metricsOf(epoch++) }
        : { experimentId, epochs: Array.from({ length: batch }, () => ({ epoch, metrics: metricsOf(epoch++) })) };
    yield JSON.stringify({ query: document, variables: { input } });
  }
}

async function run({ url, connections, bodies, amount }: Load): Promise<LoadReport> {
  const latencies: number[] = [];
  let bytes = 0;
  let last = 0;
  let connection = 0;
  const isLogging = !Array.isArray(bodies);
  const began = performance.now();
  const result = await autocannon({
    url,
    connections,
    amount,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(isLogging ? {} : { requests: (bodies as string[]).map((body) => ({ body })) }),
    timeout: 120,
    sampleInt: 20,
    verifyBody: (body) => isSuccess(String(body)),
    setupClient: (client) => {
      const own = isLogging ? bodiesOf(bodies as Logging, connection++) : undefined;
      const next = (): void => {
        if (own) client.setBody(own.next().value as string);
      };
      next();
      client.on('response', (_status, size, milliseconds) => {
        latencies.push(milliseconds);
        bytes += size;
        last = performance.now();
        next();
      });
    },
  });
  const { non2xx, errors, mismatches } = result;
  if (non2xx + errors + mismatches > 0) {
    throw new Error(`${url}: ${non2xx} refused, ${errors} failed, ${mismatches} with errors, of ${amount} requests`);
  }
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share)) as [number, number, number];
  return {
    requests: latencies.length,
    seconds: (last - began) / 1000,
    latencyMs: { p50, p90, p99 },
    answerBytes: Math.round(bytes / latencies.length),
  };
}

if (process.argv.includes('--load')) {
  process.on('message', (load: Load) => {
    run(load).then(
      (report) => process.send!(report),
      (error: Error) => process.send!({ fault: error.message }),
    );
  });
}
