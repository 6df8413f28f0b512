import type { FanOutResult } from '../../fan-out';
import type { MemoryResult } from '../../memory';
import type { ScaleResult } from '../../scale';
import type { StartUpResult } from '../../start-up';
import type { WorkloadResult } from '../measure-sides';
import type { Circumstances } from '../results';
import { listOf, type Results } from './results-of';
import { MOST_EXPONENT, short, targetsOf, withSpread } from './targets';

/** Above this share of the processors in use by others, figures are not worth much, and the page says so. */
const MOST_OTHERS = 0.1;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const NOT_MEASURED = 'Not measured.';

/**
 * docs/performance.md, made of the committed results and of what is written by hand about what was changed to get there
 * (`levers`); the same of both give the same page.
 */
export function performancePage(embedded: Results, mongodb: Results, levers: string): string {
  const measuredOnMongoDb = listOf(mongodb).length > 0;
  return [
    INTRODUCTION,
    '## Targets',
    'Every ratio is throughput over throughput in the same round of one run, the database included: the median of the ' +
      'rounds, and in brackets the smallest and the largest.',
    targets(embedded, measuredOnMongoDb ? mongodb : undefined),
    ...onDatabase('On the embedded database', embedded),
    ...(measuredOnMongoDb ? onDatabase('On MongoDB', mongodb) : []),
    measuredOnMongoDb
      ? ''
      : '## On MongoDB\n\nNot measured yet: `MONGODB_URI=… npm run bench -- all` adds these tables for a deployment.',
    LIMITS,
    levers,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const INTRODUCTION = `<!-- Made by \`npm run bench -- report\` from bench/results; \`npm run check\` fails when it is not. -->

# Performance

How fast Epochgraph is beside other GraphQL servers, and beside the least that a service can do. All sides but the floor
serve **the same schema object over the same stores and the same data**, each from a process of its own; what differs is
how operations are executed and sent.

- **Epochgraph**: \`epochgraph serve\`, as it is shipped.
- **Apollo Server on Express**: with every plugin that is on by default.
- **graphql-yoga** on node:http, and **Mercurius** on Fastify without and with its jit (graphql-jit), as they come.
- **The floor**: the driver's \`find\` of the same documents, with a projection of the fields that are answered,
  \`JSON.stringify\`, node:http. No GraphQL and no resolvers. For writes it is **the driver alone**: the same upserts with
  the same write concern, without HTTP.

## How to measure

\`\`\`sh
npm run bench -- all                       # all that follows, about a quarter of an hour, and this page
npm run bench -- reads                     # or one: reads, writes, fan-out, start-up, memory, scale
npm run bench -- reads --only c --sides epochgraph,mercurius-jit,floor --seconds 1 --rounds 3
npm run bench -- reads --sides epochgraph,epochgraph@NAME=VALUE     # with itself under another setting
npm run bench -- report                    # this page anew from bench/results
MONGODB_URI='mongodb://127.0.0.1:27017/?replicaSet=rs0' npm run bench -- all
\`\`\`

Without \`MONGODB_URI\` an embedded database is started in a temporary folder, with each commit synced as always. With it,
databases named \`epochgraph_bench_…\` are made there and dropped. Before anything is measured, every side's answers are
compared with Epochgraph's. Sides take turns in rounds, in an order that rotates; one more round warms up. Loads come from
a process of their own (autocannon), each connection waiting for an answer before its next request. The whole of a
benchmark goes to \`bench/results\`; a part of one is only printed.`;

const LIMITS = `## What these figures leave out

- Everything runs on one machine: the load, the server and the database share its processors. Ratios hold better than
  figures, and a side that leaves the database more of the processors gains by it.
- Peers follow no change stream, as they serve no subscriptions here; Epochgraph does, and writes cost it that.
- Networks, TLS and compression are not in them.
- The driver alone upserts an epoch and no more. Epochgraph's \`logEpoch\` also checks it, refuses it for a run that does
  not exist, tells new from equal, and keeps the run's own metrics true, all in one transaction.`;

function targets(embedded: Results, mongodb: Results | undefined): string {
  const verdict = (isReached: boolean | undefined): string =>
    isReached === undefined ? '–' : isReached ? 'reached' : '**not reached**';
  const others = mongodb && targetsOf(mongodb);
  const rows = targetsOf(embedded).map(({ what, wanted, measured, isReached }, row) => [
    what,
    wanted,
    measured ?? NOT_MEASURED,
    verdict(isReached),
    ...(others ? [others[row]!.measured ?? NOT_MEASURED, verdict(others[row]!.isReached)] : []),
  ]);
  return table(['target', 'wanted', 'measured', '', ...(others ? ['on MongoDB', ''] : [])], rows);
}

function onDatabase(title: string, results: Results): string[] {
  return [
    `## ${title}`,
    circumstances(listOf(results)),
    '### Reads',
    ...workloads(results.reads?.workloads),
    '### Writes',
    ...workloads(results.writes?.workloads),
    '### Subscriptions',
    results['fan-out'] ? fanOut(results['fan-out']) : NOT_MEASURED,
    '### Start-up',
    results['start-up'] ? startUp(results['start-up']) : NOT_MEASURED,
    '### Memory',
    results.memory ? memory(results.memory) : NOT_MEASURED,
    '### Scale',
    results.scale ? scale(results.scale) : NOT_MEASURED,
  ];
}

/** The machine and the versions, each set of which is said once. */
function circumstances(results: readonly Circumstances[]): string {
  const [first] = results;
  if (!first) return 'Not measured yet: `npm run bench -- all`.';
  const describe = ({ machine, database }: Circumstances): string =>
    `a machine with ${machine.cores} cores (${machine.processor}) and ${machine.memoryGb} GB of memory, ${machine.system}, ` +
    `Node ${machine.node}, ${database.kind === 'embedded' ? 'the embedded database' : `MongoDB ${database.version}`}`;
  const sets = new Map<string, string[]>();
  for (const result of results) {
    const text = `${describe(result)}, on ${result.date}`;
    sets.set(text, [...(sets.get(text) ?? []), result.name]);
  }
  const said = [...sets].map(([text, names]) => `${sets.size === 1 ? 'Measured' : names.join(', ')} on ${text}.`);
  const packages = Object.entries(first.packages).map(([name, version]) => `${name} ${version}`);
  const busy = results.filter(({ othersUse }) => othersUse > MOST_OTHERS);
  const warning = `**Others used the machine while ${busy.map(({ name }) => name).join(', ')} ran (${Math.round(Math.max(...busy.map(({ othersUse }) => othersUse)) * 100)} % of its processors just before), so take the figures as a rough guide.**`;
  const rounds = results.map(
    ({ name, rounds: count, seconds }) => `${name} ${count}${seconds > 0 ? ` of ${short(seconds)} s a side` : ''}`,
  );
  return [
    said.join('\n'),
    `Rounds: ${rounds.join(', ')}.`,
    `Packages: ${packages.join(', ')}.`,
    ...(busy.length > 0 ? [warning] : []),
  ].join('\n\n');
}

function workloads(results: readonly WorkloadResult[] | undefined): string[] {
  if (!results) return [NOT_MEASURED];
  return results.flatMap(({ key, title, unit, connections, answerBytes, sides }) => [
    `**(${key.replace(/\d+$/, '')}) ${title}**${key.startsWith('e') ? '' : `, ${connections} connections`}; an answer has ${short(answerBytes)} bytes.`,
    table(
      ['side', `${unit} a second`, 'Epochgraph over it', 'p50, p90, p99, ms', 'CPU ms: server', 'database'],
      sides.map(({ side, title: name, perSecond, ratio, latencyMs, cpuMs }) => [
        name,
        withSpread(perSecond),
        side === 'epochgraph' ? '' : withSpread(ratio),
        [latencyMs.p50, latencyMs.p90, latencyMs.p99].map(short).join(', '),
        cpuMs.server === null ? '–' : short(cpuMs.server),
        cpuMs.database === null ? '–' : short(cpuMs.database),
      ]),
    ),
  ]);
}

function fanOut({ deliveries }: FanOutResult): string {
  return [
    "(g) Deliveries of one run's epochs over graphql-transport-ws. Shared: all subscribers ask the same, and each event is " +
      'executed once. For each: their documents differ in a comment, and each event is executed for every one of them. ' +
      'Latencies are from sending the mutation to the arrival.',
    table(
      ['subscribers', 'events', 'shared, a second', 'p50, p99, ms', 'for each, a second', 'p50, p99, ms', 'gain'],
      deliveries.map(({ subscribers, kind, shared, each, gain }) => [
        short(subscribers),
        kind === 'single' ? 'single' : 'bursts of ten',
        withSpread(shared.perSecond),
        `${short(shared.latencyMs.p50)}, ${short(shared.latencyMs.p99)}`,
        withSpread(each.perSecond),
        `${short(each.latencyMs.p50)}, ${short(each.latencyMs.p99)}`,
        withSpread(gain),
      ]),
    ),
  ].join('\n\n');
}

function startUp({ starts }: StartUpResult): string {
  return [
    '(h) From the start of the process to its first answer, to the query of workload (a).',
    table(
      ['', 'ms'],
      starts.map(({ title, firstAnswerMs }) => [title, withSpread(firstAnswerMs)]),
    ),
  ].join('\n\n');
}

function memory({ processes }: MemoryResult): string {
  return [
    '(i) At rest after a start and one small query, at its most under workload (c), and a moment afterwards, in MB; what is ' +
      'mapped of files is left out.',
    table(
      ['', 'at rest', 'at most under (c)', 'after'],
      processes.map(({ title, rest, peak, after }) => [title, ...[rest, peak, after].map(withSpread)]),
    ),
  ].join('\n\n');
}

function scale({ sizes, filledIn, operations }: ScaleResult): string {
  const filled = sizes.map((size, place) => `${short(size)} in ${short(filledIn[place]!)} s`);
  return [
    `One request at a time against stores of different sizes, interleaved; medians. The exponent e of cost = c · size^e is ` +
      `fitted by least squares: 0 is no growth, 1 is growth in proportion. Above ${MOST_EXPONENT} counts as growth, except ` +
      `for work whose answer is about everything stored. Filling through the driver, epochs and all: ${filled.join(', ')}.`,
    table(
      ['', ...sizes.map((size) => `${short(size)} epochs`), 'exponent', ''],
      operations.map(({ title, grows, unit, costs, exponent }) => [
        title,
        ...costs.map(({ median }) => `${short(median)} ${unit}`),
        short(exponent),
        grows ? 'its answer grows' : exponent > MOST_EXPONENT ? '**grows**' : '',
      ]),
    ),
  ].join('\n\n');
}
