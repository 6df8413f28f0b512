import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { loadConfig, type Config } from '../config';
import { LegacyFile } from '../import/sqlite/legacy-file';
import { TABLE_NAMES, type TableName } from '../import/sqlite/tables';
import { databaseTarget, EMPTY_TARGET, migrate, type MigrationOptions, type Target } from '../import/sqlite/migrate';
import { FATES, Tally, type Fate, type TableCounts } from '../import/sqlite/tally';
import { TimeZone } from '../import/sqlite/time-zone';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { createStores } from '../stores';
import { columns } from './columns';
import { inSentences } from './database-errors';
import { ProgressLine } from './progress-line';
import { ReportFile } from './report-file';

export interface MigrateSqliteFlags {
  dryRun?: boolean;
  timeZone?: string;
  createdBy?: string;
  keepRunning?: boolean;
  report?: string;
}

/**
 * `migrate-sqlite FILE`: reads the whole file once and prints what will become of its rows, then stores them and prints
 * what became of them. Every row that was repaired, refused or kept back is in the report file. Exits with 1 where a row
 * was not stored.
 */
export async function migrateSqliteCommand(file: string, flags: MigrateSqliteFlags): Promise<void> {
  const zone = flags.timeZone === undefined ? TimeZone.ofMachine() : new TimeZone(flags.timeZone);
  const config = loadConfig();
  const options = { zone, createdBy: flags.createdBy, keepRunning: flags.keepRunning ?? false };
  const legacy = await LegacyFile.open(file);
  try {
    const rows = TABLE_NAMES.reduce((sum, table) => sum + (legacy.rowsOf(table) ?? 0), 0);
    say(describe(file, legacy, zone));
    const reading = new ProgressLine('reading', rows);
    const plan = new Tally();
    await migrate(legacy, options, EMPTY_TARGET, plan, reading.add);
    reading.end();
    say(`Plan:\n${planTable(plan)}`);

    const report = new ReportFile(flags.report ?? `${path.basename(file)}.migration.ndjson`);
    rmSync(report.path, { force: true });
    const tally = new Tally(report.add);
    const description = await store(config, legacy, options, tally, rows, flags.dryRun ?? false);
    report.close();
    say(`${flags.dryRun ? 'A dry run; nothing was written. It would do this' : 'Done'} in the ${description}:`);
    say(outcomeTable(tally, report));
    if ([...tally.tables.values()].some(({ refused, kept }) => refused + kept > 0)) process.exitCode = 1;
  } finally {
    await legacy.close();
  }
}

async function store(
  config: Config,
  legacy: LegacyFile,
  options: MigrationOptions,
  tally: Tally,
  rows: number,
  isDryRun: boolean,
): Promise<string> {
  const line = new ProgressLine(isDryRun ? 'comparing' : 'storing', rows);
  const run = (target: Target) =>
    inSentences(() => migrate(legacy, options, target, tally, line.add), 'Run the same command again to continue.');
  try {
    // A dry run makes no database.
    if (isDryRun && !config.mongodbUri && !existsSync(config.dataDir)) {
      await run(EMPTY_TARGET);
      return 'database (embedded, not made yet)';
    }
    const log = createLog(config.logLevel);
    const opened = await openConfiguredDatabase(config, log, { whenInUse: 'join' });
    try {
      await run(databaseTarget(createStores(opened.database, log, config), isDryRun));
      return `database (${opened.description})`;
    } finally {
      await opened.close();
    }
  } finally {
    line.end();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function describe(file: string, legacy: LegacyFile, zone: TimeZone): string {
  const missing = TABLE_NAMES.filter((table) => legacy.rowsOf(table) === undefined);
  const others = [...legacy.otherTables].map(([name, rows]) => `${name} (${rows} rows)`);
  return [
    `${file}${legacy.hadWal ? ', with the commits in its write-ahead log' : ''}`,
    `Times without a zone are read as those of ${zone.name}.`,
    ...(missing.length > 0 ? [`Tables that it lacks: ${missing.join(', ')}.`] : []),
    ...(others.length > 0 ? [`Tables that are not the tracker's, and are not read: ${others.join(', ')}.`] : []),
  ].join('\n');
}

function planTable(plan: Tally): string {
  const rows = inOrder(plan).map(([name, { read, refused, repaired }]) => [
    name,
    read,
    read - refused,
    repaired,
    refused,
  ]);
  return [
    ...columns([['', 'read', 'to store', 'of them repaired', 'refused'], ...rows]),
    ...TABLE_NAMES.flatMap((table) => details(table, plan.tables.get(table))),
    ...(plan.finerTimes > 0 ? [`  times are kept to the millisecond; ${plan.finerTimes} rows have finer ones`] : []),
    ...(plan.madeRuns.created > 0
      ? [`  ${plan.madeRuns.created} runs are made for epochs and checkpoints whose own the file lacks`]
      : []),
  ].join('\n');
}

function outcomeTable(tally: Tally, report: ReportFile): string {
  const rows = inOrder(tally).map(([name, counts]) => [
    name,
    counts.read,
    ...FATES.map((fate) => counts[fate]),
    counts.repaired,
  ]);
  const made = FATES.filter((fate) => tally.madeRuns[fate] > 0).map((fate: Fate) => `${tally.madeRuns[fate]} ${fate}`);
  const kept = [...tally.tables].flatMap(([name, { reasons, kept: count }]) =>
    count > 0
      ? [...reasons]
          .filter(([reason]) => reason.includes('stays'))
          .map(([reason]) => `  ${name}: ${count} kept: ${reason}`)
      : [],
  );
  return [
    ...columns([['', 'read', ...FATES, 'repaired'], ...rows]),
    ...(made.length > 0 ? [`  runs made for epochs and checkpoints without one: ${made.join(', ')}`] : []),
    ...kept,
    ...(report.lines > 0
      ? [`Row by row, what was repaired, refused or kept: ${report.path} (${report.lines} rows)`]
      : []),
  ].join('\n');
}

function inOrder({ tables }: Tally): [TableName, TableCounts][] {
  return TABLE_NAMES.flatMap((name) =>
    tables.has(name) ? [[name, tables.get(name)!] as [TableName, TableCounts]] : [],
  );
}

function details(table: string, counts: TableCounts | undefined): string[] {
  const lines = (verb: string, map: Map<string, number>) =>
    [...map].map(([kind, count]) => `  ${table}: ${count} ${verb}: ${kind}`);
  return counts ? [...lines('repaired', counts.repairs), ...lines('refused', counts.reasons)] : [];
}
