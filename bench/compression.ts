/**
 * What compressing large answers costs and saves: workload (c), 100 experiments × 50 epochs nested, asked for by an address
 * of this machine that is not loopback, whole, with gzip and with brotli in turn. Prints the bytes of an answer, its time
 * and the server's processor time, the threads that compress included. Needs a network interface.
 *
 *     npm run bench -- compression [--rounds 20]
 */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { startBenchDatabase } from './laboratory/bench-database';
import { fillLaboratory, type Laboratory } from './laboratory/fill';
import { readOptions } from './laboratory/options';
import { cpuMs } from './laboratory/process-costs';
import { bodiesOf, readSizes, readWorkload } from './laboratory/read-workloads';
import { EPOCHGRAPH, sidesOf, startSide } from './laboratory/sides';
import { median } from './laboratory/statistics';

const ENCODINGS = ['identity', 'gzip', 'br'];
/** Answers of one encoding after another: the kernel tells processor time in steps of 10 ms. */
const AT_A_TIME = 5;
const TOKEN = 'for-this-benchmark-alone-0123456789';

const agent = new Agent({ keepAlive: true });

/** Sends a body; the bytes of the answer as they came. */
async function receive(url: string, body: string, encoding: string): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, 'accept-encoding': encoding };
  const [answer] = (await once(request(url, { method: 'POST', agent, headers }).end(body), 'response')) as [
    IncomingMessage,
  ];
  if (answer.statusCode !== 200 || (answer.headers['content-encoding'] ?? 'identity') !== encoding)
    throw new Error(`Status ${answer.statusCode}, ${answer.headers['content-encoding']} for ${encoding}`);
  let bytes = 0;
  for await (const part of answer) bytes += (part as Buffer).length;
  return bytes;
}

async function main(): Promise<void> {
  const options = readOptions({ rounds: 20, seconds: 0 });
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
  if (!address) throw new Error('This machine has no address but loopback, to which nothing is compressed.');
  let laboratory: Laboratory | undefined;
  const database = await startBenchDatabase(async (open) => {
    laboratory = await fillLaboratory((await open('filled')).collections, readSizes(options));
  });
  const [side] = sidesOf([EPOCHGRAPH]);
  const server = await startSide(
    { ...side!, environment: { HOST: '0.0.0.0', ADMIN_TOKEN: TOKEN } },
    database.uri('filled'),
  );
  try {
    const url = `http://${address}:${new URL(server.url).port}/graphql`;
    const [body] = bodiesOf(readWorkload('c'), laboratory!);
    const figures = new Map(
      ENCODINGS.map((encoding) => [encoding, { bytes: 0, ms: [] as number[], cpu: [] as number[] }]),
    );
    for (let round = -1; round < options.rounds; round++) {
      for (const encoding of ENCODINGS) {
        const figure = figures.get(encoding)!;
        const [began, cpu] = [performance.now(), cpuMs(server.pid) ?? NaN];
        for (let n = 0; n < AT_A_TIME; n++) figure.bytes = await receive(url, body!, encoding);
        if (round < 0) continue;
        figure.ms.push((performance.now() - began) / AT_A_TIME);
        figure.cpu.push(((cpuMs(server.pid) ?? NaN) - cpu) / AT_A_TIME);
      }
    }
    console.log('encoding      bytes   ms an answer   CPU ms of the server');
    for (const [encoding, { bytes, ms, cpu }] of figures) {
      const columns = [median(ms).toFixed(1).padStart(15), median(cpu).toFixed(1).padStart(23)];
      console.log(`${encoding.padEnd(9)} ${String(bytes).padStart(9)}${columns.join('')}`);
    }
  } finally {
    agent.destroy();
    await server.stop();
    await database.close();
  }
}

void main();
