import type { LoadReport } from './load';
import type { BenchOptions } from './options';
import { cpuMs } from './process-costs';
import { EPOCHGRAPH } from './sides';
import { figureOf, median, rounded, type Figure } from './statistics';

/** What a side came to under a workload. */
export interface SideResult {
  side: string;
  title: string;
  perSecond: Figure;
  /** How many times as much Epochgraph did in the same round; 1 for Epochgraph itself. */
  ratio: Figure;
  /** Medians over the rounds. */
  latencyMs: { p50: number; p90: number; p99: number };
  /** Processor time of the server and of the database for one request, in ms; null where the system doesn't tell. */
  cpuMs: { server: number | null; database: number | null };
}

export interface WorkloadResult {
  key: string;
  title: string;
  /** What `perSecond` counts. */
  unit: string;
  connections: number;
  /** Mean size of Epochgraph's answer with its headers. */
  answerBytes: number;
  sides: SideResult[];
}

interface Measured {
  key: string;
  title: string;
  pid?: number;
}

/** How a workload is put on a side. */
export interface Trial<S extends Measured> {
  /** The fewest requests that make sense. */
  least: number;
  run: (side: S, amount: number) => Promise<LoadReport>;
  /** How many things of the unit a request does; 1 if left out. */
  each?: number;
}

interface Round {
  rate: number;
  report: LoadReport;
  server: number | undefined;
  database: number | undefined;
}

/**
 * Measures sides in rounds that are interleaved, each round of a side about as long as the options say. Before them each
 * side is warmed up, which tells how many requests make a round.
 */
export async function measureSides<S extends Measured>(
  workload: Pick<WorkloadResult, 'key' | 'title' | 'unit'>,
  sides: readonly S[],
  { rounds, seconds }: BenchOptions,
  databasePid: number | undefined,
  { least, run, each = 1 }: Trial<S>,
): Promise<Omit<WorkloadResult, 'connections'>> {
  const amounts = new Map<S, number>();
  for (const side of sides) {
    let amount = least;
    let { requests, seconds: took } = await run(side, amount);
    for (let spent = took; spent < seconds; spent += took) {
      amount = Math.max(least, Math.min(amount * 4, Math.round((requests / took) * seconds)));
      ({ requests, seconds: took } = await run(side, amount));
    }
    amounts.set(side, Math.max(2 * least, Math.round((requests / took) * seconds)));
  }

  const measured = new Map<S, Round[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    const order = [...sides.slice(round % sides.length), ...sides.slice(0, round % sides.length)];
    for (const side of order) {
      const before = { server: cpuMs(side.pid), database: cpuMs(databasePid) };
      const report = await run(side, amounts.get(side)!);
      const cost = (now: number | undefined, then: number | undefined): number | undefined =>
        now === undefined || then === undefined ? undefined : (now - then) / report.requests;
      measured.get(side)!.push({
        rate: (report.requests * each) / report.seconds,
        report,
        server: cost(cpuMs(side.pid), before.server),
        database: cost(cpuMs(databasePid), before.database),
      });
    }
  }

  const reference = measured.get(sides.find(({ key }) => key === EPOCHGRAPH) ?? sides[0]!)!;
  const results = sides.map((side): SideResult => {
    const all = measured.get(side)!;
    const latency = (share: 'p50' | 'p90' | 'p99'): number =>
      rounded(median(all.map(({ report }) => report.latencyMs[share])));
    const known = (values: (number | undefined)[]): number | null =>
      values.some((value) => value === undefined) ? null : rounded(median(values as number[]));
    return {
      side: side.key,
      title: side.title,
      perSecond: figureOf(all.map(({ rate }) => rate)),
      ratio: figureOf(all.map(({ rate }, round) => reference[round]!.rate / rate)),
      latencyMs: { p50: latency('p50'), p90: latency('p90'), p99: latency('p99') },
      cpuMs: { server: known(all.map(({ server }) => server)), database: known(all.map(({ database }) => database)) },
    };
  });
  const answerBytes = reference[0]!.report.answerBytes;
  print(workload, results, answerBytes);
  return { ...workload, answerBytes, sides: results };
}

function print(
  { key, title, unit }: Pick<WorkloadResult, 'key' | 'title' | 'unit'>,
  sides: SideResult[],
  bytes: number,
) {
  console.log(`\n(${key}) ${title}; ${bytes} bytes an answer`);
  console.log(
    `${'side'.padEnd(28)} ${unit.padStart(10)}/s  (spread)          ratio      p50      p90   p99 ms   CPU ms: server, database`,
  );
  for (const { title: name, perSecond, ratio, latencyMs, cpuMs: cost } of sides) {
    const spread = `(${perSecond.min} to ${perSecond.max})`;
    const latencies = [latencyMs.p50, latencyMs.p90, latencyMs.p99].map((ms) => ms.toFixed(1).padStart(9)).join('');
    console.log(
      `${name.padEnd(28)} ${String(perSecond.median).padStart(12)}  ${spread.padEnd(18)} ${ratio.median.toFixed(2).padStart(5)}${latencies}` +
        `   ${cost.server ?? '?'}, ${cost.database ?? '?'}`,
    );
  }
}
