import { signal } from '@preact/signals';
import {
  CheckpointSavedDocument,
  EpochLoggedDocument,
  EpochRangeDocument,
  RunChangedDocument,
  RunDocument,
  RunSeriesDocument,
  type CheckpointRowFragment,
  type EpochLoggedSubscription,
  type RunQuery,
} from '../api/documents';
import { follow } from '../api/follow';
import { ApiFailure, request } from '../api/request';
import { MAX_POINTS, RunHistory } from './history';

/** Everything that the page of one run shows. */
export type RunDetails = NonNullable<RunQuery['experiment']>;
export type LatestEpoch = EpochLoggedSubscription['epochLogged']['epoch'];

/** Liveness passes without an event; a run that says it runs is asked for again this often. */
const LIVENESS_EVERY_MS = 30_000;
/** Epochs of a page of the API. */
const MAX_REFINED = 1_000;

/** One run as it is now: its record, its curves and its checkpoints, followed until `close`. */
export class LiveRun {
  readonly details = signal<RunDetails | null>(null);
  readonly failure = signal<ApiFailure | null>(null);
  /** Whether the run was deleted while it was shown. */
  readonly isGone = signal(false);
  readonly latest = signal<Pick<LatestEpoch, 'timing' | 'memory'> | null>(null);
  readonly history = new RunHistory();

  private readonly stop = new AbortController();
  private timer: ReturnType<typeof setInterval> | undefined;
  private isLoadingSeries = false;

  constructor(readonly id: string) {}

  /** Loads the run, then follows it. */
  open(): void {
    void this.load().then((isThere) => {
      if (isThere && !this.stop.signal.aborted) this.follow();
    });
  }

  close(): void {
    this.stop.abort();
    this.history.close();
    clearInterval(this.timer);
  }

  /** Asks for the record and the curves; false where there is no such run, or no answer. */
  async load(): Promise<boolean> {
    this.failure.value = null;
    const [isThere] = await Promise.all([this.loadDetails(), this.loadSeries()]);
    return isThere;
  }

  private async loadDetails(): Promise<boolean> {
    try {
      const { experiment } = await request(RunDocument, { id: this.id }, this.stop.signal);
      if (!experiment) throw new ApiFailure('NOT_FOUND', `There is no run with the id ${this.id}.`);
      this.details.value = experiment;
      this.latest.value = experiment.latestEpoch;
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  private async loadSeries(): Promise<void> {
    if (this.isLoadingSeries) return;
    this.isLoadingSeries = true;
    try {
      const variables = { id: this.id, maxPoints: MAX_POINTS };
      const { experiment } = await request(RunSeriesDocument, variables, this.stop.signal);
      if (experiment) this.history.load(experiment.series);
    } catch (error) {
      if (!this.history.isLoaded.peek()) this.fail(error);
    } finally {
      this.isLoadingSeries = false;
    }
  }

  /**
   * Every epoch of a stretch of the curves, where they were thinned out and the stretch is short enough to be asked for
   * at once.
   */
  async refine(from: number, to: number): Promise<void> {
    if (!this.history.isSampled || to - from >= MAX_REFINED) return;
    try {
      const variables = { id: this.id, from: Math.floor(from), to: Math.ceil(to) };
      const { experiment } = await request(EpochRangeDocument, variables, this.stop.signal);
      if (experiment) this.history.refine(experiment.epochs.nodes);
    } catch {
      // The thinned-out curve stays, and says that it is one.
    }
  }

  private fail(error: unknown): void {
    if (this.stop.signal.aborted) return;
    this.failure.value = error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
  }

  private follow(): void {
    const { signal } = this.stop;
    const { id } = this;
    let isFirst = true;
    void follow(
      RunChangedDocument,
      () => ({ id }),
      (data) => data.experimentChanged,
      {
        onEvent: ({ experiment, kind }) => {
          if (kind === 'DELETED') this.isGone.value = true;
          else if (experiment) this.takeRecord(experiment);
        },
        onFresh: () => {
          void this.loadDetails();
          if (!isFirst) void this.loadSeries();
          isFirst = false;
        },
        onFailure: (failure) => this.fail(failure),
      },
      signal,
    );
    void follow(
      EpochLoggedDocument,
      // The stored epochs behind the curves come first: none is missed between the query and this.
      () => ({ id, afterEpoch: this.history.lastEpoch }),
      (data) => data.epochLogged,
      { onEvent: ({ epoch }) => this.takeEpoch(epoch) },
      signal,
    );
    void follow(
      CheckpointSavedDocument,
      () => ({ id }),
      (data) => data.checkpointSaved,
      { onEvent: ({ checkpoint }) => this.takeCheckpoint(checkpoint) },
      signal,
    );
    this.timer = setInterval(() => {
      if (this.details.peek()?.status === 'RUNNING' && document.visibilityState === 'visible') void this.loadDetails();
    }, LIVENESS_EVERY_MS);
  }

  /** Takes the run's record out of an event or the answer of a mutation. */
  takeRecord(record: Omit<Partial<RunDetails>, 'model' | 'config' | 'dataset'>): void {
    const before = this.details.peek();
    if (!before) return;
    const { model: _model, dataset: _dataset, ...changed } = record as Partial<RunDetails>;
    this.details.value = { ...before, ...changed };
    const total = record.metrics?.totalEpochs ?? 0;
    // Epochs were taken away: a rewound run, whose curves and checkpoints are shorter than what is shown.
    if (total < (before.metrics.totalEpochs ?? 0)) {
      void this.loadSeries();
      void this.loadDetails();
    }
  }

  private takeEpoch(epoch: LatestEpoch): void {
    if (epoch.epoch >= this.history.lastEpoch) this.latest.value = { timing: epoch.timing, memory: epoch.memory };
    this.history.take(epoch.epoch, epoch.metrics.values);
    if (this.history.isOverfull) void this.loadSeries();
  }

  private takeCheckpoint(checkpoint: CheckpointRowFragment): void {
    const details = this.details.peek();
    if (!details) return;
    const { nodes, totalCount } = details.checkpoints;
    const others = nodes.filter(({ id }) => id !== checkpoint.id);
    const isNew = others.length === nodes.length;
    const sorted = [checkpoint, ...others].sort((a, b) => b.epoch - a.epoch).slice(0, 200);
    this.details.value = {
      ...details,
      checkpoints: { totalCount: totalCount + (isNew ? 1 : 0), nodes: sorted },
    };
  }
}
