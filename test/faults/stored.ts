import type { Db, Document } from 'mongodb';
import { DERIVED_NAMES, recompute } from './recomputation';

/** Every document of the four collections, in order of their ids. */
export interface Stored {
  experiments: Document[];
  epochs: Document[];
  checkpoints: Document[];
  subjects: Document[];
}

const COLLECTIONS = ['experiments', 'epochs', 'checkpoints', 'subjects'] as const;

/** Reads everything, as the driver gives it. */
export async function readAll(db: Db): Promise<Stored> {
  const lists = await Promise.all(
    COLLECTIONS.map((name) => db.collection(name).find().sort({ _id: 1 }).batchSize(100_000).toArray()),
  );
  return Object.fromEntries(COLLECTIONS.map((name, index) => [name, lists[index]])) as unknown as Stored;
}

/** Removes everything: what one case left costs every later reading. */
export async function removeAll(db: Db): Promise<void> {
  for (const name of COLLECTIONS) await db.collection(name).deleteMany({});
}

/** The same without the times of a trainer's last sign of life, which a repeated call may move on. */
export function withoutSigns(stored: Stored): Stored {
  const experiments = stored.experiments.map(({ last_seen_at, last_heartbeat_at, ...rest }) => ({
    ...rest,
    seen: last_seen_at instanceof Date,
    beat: last_heartbeat_at instanceof Date,
  }));
  return { ...stored, experiments };
}

function groupBy(documents: readonly Document[], key: (document: Document) => string): Map<string, Document[]> {
  const groups = new Map<string, Document[]>();
  for (const document of documents) {
    const name = key(document);
    groups.set(name, [...(groups.get(name) ?? []), document]);
  }
  return groups;
}

function doubled(groups: Map<string, Document[]>): string[] {
  return [...groups].filter(([, documents]) => documents.length > 1).map(([key]) => key);
}

/**
 * Everything that is wrong in the four collections, in words; empty where all is well: orphans, records stored twice,
 * several best checkpoints, metrics of experiments that are not what their epochs say.
 */
export function faultsOf(stored: Stored): string[] {
  const faults: string[] = [];
  const experiments = new Map(stored.experiments.map((raw) => [String(raw._id), raw]));
  for (const name of ['epochs', 'checkpoints'] as const) {
    for (const { _id, experiment_id } of stored[name]) {
      if (!experiments.has(String(experiment_id))) faults.push(`orphan in ${name}: ${String(_id)}`);
    }
  }
  const epochs = groupBy(stored.epochs, ({ experiment_id, epoch }) => `${String(experiment_id)}/${epoch}`);
  faults.push(...doubled(epochs).map((key) => `epoch stored twice: ${key}`));
  const places = groupBy(
    stored.checkpoints,
    ({ experiment_id, epoch, file }) => `${String(experiment_id)}/${epoch}/${file.path}`,
  );
  faults.push(...doubled(places).map((key) => `checkpoint stored twice: ${key}`));
  const bests = groupBy(
    stored.checkpoints.filter(({ is_best }) => is_best === true),
    ({ experiment_id }) => String(experiment_id),
  );
  faults.push(...doubled(bests).map((key) => `more than one best checkpoint: ${key}`));
  const subjects = groupBy(stored.subjects, ({ subject_id }) => subject_id as string);
  faults.push(...doubled(subjects).map((key) => `subject stored twice: ${key}`));

  const epochsOf = groupBy(stored.epochs, ({ experiment_id }) => String(experiment_id));
  for (const [id, { metrics, progress }] of experiments) {
    const expected = recompute(epochsOf.get(id) ?? []);
    const shown = Object.fromEntries(
      Object.entries((metrics ?? {}) as object).filter(([name]) => DERIVED_NAMES.includes(name)),
    );
    if (canonical(shown) !== canonical(expected)) {
      faults.push(`metrics of ${id} are ${canonical(shown)} and should be ${canonical(expected)}`);
    }
    if ((progress?.epochs ?? 0) !== (expected.total_epochs ?? 0)) {
      faults.push(`progress of ${id} counts ${progress?.epochs} epochs of ${expected.total_epochs ?? 0}`);
    }
  }
  return faults;
}

function canonical(metrics: object): string {
  const entries = Object.entries(metrics as Record<string, number>).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, value]) => `${name}=${value}`).join(' ');
}
