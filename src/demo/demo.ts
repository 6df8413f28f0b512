import type { Stores } from '../stores';
import { DemoData, demoMark } from '../stores/demo-data';
import {
  importedCheckpoint,
  importedEpoch,
  importedExperiment,
  NO_PROGRESS,
  progressAfter,
  RunImports,
  type RunPart,
} from '../stores/run-imports';
import { toObjectId } from '../stores/values';
import { epochIdsOf } from '../import/derived-ids';
import { Draws } from './draws';
import { drawRuns, RUNS, type DemoRun } from './runs';
import { drawSubjects, SUBJECTS } from './subjects';

const SEED = 20_251_020;
const HOUR_MS = 3_600_000;
const RUNS_AT_A_TIME = 8;

/** What the demo laboratory has, and how much of it was there already. */
export interface DemoReport {
  experiments: number;
  epochs: number;
  checkpoints: number;
  subjects: number;
  created: number;
}

export const DEMO_SIZE = RUNS + SUBJECTS;

/**
 * Makes a laboratory that might be one: experiments over six weeks with their curves, failures and lineages, and the
 * subjects that they trained on. All of it bears a mark, by which `removeDemo` finds it. Its story ends at the hour in
 * which it was first made, so that a repeat, or an interrupted call that is repeated, adds only what is missing.
 */
export async function makeDemo(stores: Stores, onRows: (rows: number) => void = () => undefined): Promise<DemoReport> {
  const data = new DemoData(stores.database, stores.lifecycle, stores.subjects);
  const asOf = (await data.asOf()) ?? new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
  const report = { experiments: 0, epochs: 0, checkpoints: 0, subjects: 0, created: 0 };

  const subjects = [...drawSubjects(new Draws(SEED), asOf)];
  const results = await data.addSubjects(subjects, asOf);
  report.subjects = results.length;
  onRows(subjects.length);

  const imports = new RunImports(stores.database);
  let batch: RunPart[] = [];
  const write = async () => {
    const outcomes = await imports.write(batch);
    for (const { experiment, epochs, checkpoints } of outcomes) {
      report.experiments++;
      report.epochs += epochs.length;
      report.checkpoints += checkpoints.length;
      if (experiment === 'created') report.created++;
    }
    onRows(batch.length);
    batch = [];
  };
  for (const run of drawRuns(new Draws(SEED + 1), asOf)) {
    batch.push(toPart(run, asOf));
    if (batch.length >= RUNS_AT_A_TIME) await write();
  }
  if (batch.length > 0) await write();
  return report;
}

/** Removes the demo laboratory, and nothing else. */
export function removeDemo(stores: Stores): ReturnType<DemoData['remove']> {
  return new DemoData(stores.database, stores.lifecycle, stores.subjects).remove();
}

function toPart({ experiment, epochs, checkpoints, lastSeenAt, lastHeartbeatAt }: DemoRun, asOf: Date): RunPart {
  const experimentId = toObjectId(experiment.id, 'experiment.id');
  const idOf = epochIdsOf(experiment.id);
  const documents = epochs.map((epoch) => importedEpoch(idOf(epoch.epoch), experimentId, epoch));
  const progress = documents.reduce(progressAfter, NO_PROGRESS);
  const more = { ...(lastHeartbeatAt ? { last_heartbeat_at: lastHeartbeatAt } : {}), ...demoMark(asOf) };
  return {
    experiment: importedExperiment(experiment, progress, lastSeenAt, more),
    epochs: documents,
    checkpoints: checkpoints.map(importedCheckpoint),
    isFirst: true,
    isLast: true,
  };
}
