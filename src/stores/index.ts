import type { Config } from '../config';
import type { Log } from '../log';
import { CheckpointStore } from './checkpoints';
import type { Database } from './database';
import { DocumentReader } from './documents';
import { EpochWriter } from './epoch-writer';
import { EpochStore } from './epochs';
import { ExperimentLifecycle } from './experiment-lifecycle';
import { ExperimentReports } from './experiment-reports';
import { ExperimentWriter } from './experiment-writer';
import { ExperimentStore } from './experiments';
import { Liveness } from './liveness';
import { RawReader } from './raw/raw-reader';
import { SeriesStore } from './series';
import { SubjectStore } from './subjects';
import { TokenStore } from './tokens';
import { KeyedQueue } from './transactions';

/** Everything that knows MongoDB: one store a collection, and the reader of their documents. */
export interface Stores {
  readonly database: Database;
  readonly reader: DocumentReader;
  readonly experiments: ExperimentStore;
  readonly lifecycle: ExperimentLifecycle;
  readonly reports: ExperimentReports;
  readonly epochs: EpochStore;
  readonly epochWriter: EpochWriter;
  readonly series: SeriesStore;
  readonly checkpoints: CheckpointStore;
  readonly subjects: SubjectStore;
  readonly liveness: Liveness;
  readonly tokens: TokenStore;
}

/**
 * The stores over an open database. Writes to one experiment go through one queue, whichever store they are of. A run that
 * used to send heartbeats counts as stalled after `stalledAfterMinutes` of silence.
 */
export function createStores(
  database: Database,
  log: Log,
  { stalledAfterMinutes }: Pick<Config, 'stalledAfterMinutes'>,
): Stores {
  const reader = new DocumentReader(log);
  const raw = new RawReader(reader);
  const queue = new KeyedQueue();
  const writer = new ExperimentWriter(database, reader, queue);
  return {
    database,
    reader,
    experiments: new ExperimentStore(database, reader, raw, writer),
    lifecycle: new ExperimentLifecycle(database, reader, writer, queue),
    reports: new ExperimentReports(database, raw),
    epochs: new EpochStore(database, reader, raw),
    epochWriter: new EpochWriter(database, reader, queue),
    series: new SeriesStore(database),
    checkpoints: new CheckpointStore(database, reader, raw, queue),
    subjects: new SubjectStore(database, raw),
    liveness: new Liveness(stalledAfterMinutes * 60_000),
    tokens: new TokenStore(database),
  };
}
