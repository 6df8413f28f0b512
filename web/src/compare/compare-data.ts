import { signal } from '@preact/signals';
import {
  CompareCurvesDocument,
  CompareDocument,
  EpochLoggedDocument,
  ExperimentChangedDocument,
  type CompareQuery,
} from '../api/documents';
import { follow } from '../api/follow';
import { ApiFailure, request } from '../api/request';
import { RunHistory } from '../run/history';

const MAX_POINTS = 1_000;
/** The differences follow changes of the runs at most this often. */
const COMPARE_EVERY_MS = 3_000;

export type Comparison = CompareQuery['compareExperiments'];
export type ComparedRun = Comparison['experiments'][number];

/** Several runs side by side, followed until `close`. */
export class LiveComparison {
  readonly comparison = signal<Comparison | null>(null);
  readonly failure = signal<ApiFailure | null>(null);
  /** The curves of each run by its id. */
  readonly histories = new Map<string, RunHistory>();

  private readonly stop = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly ids: readonly string[]) {}

  open(): void {
    void this.load().then((isThere) => {
      if (isThere && !this.stop.signal.aborted) this.follow();
    });
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.timer);
    for (const history of this.histories.values()) history.close();
  }

  /** Asks for everything; false where there is no answer. */
  async load(): Promise<boolean> {
    this.failure.value = null;
    try {
      const { signal } = this.stop;
      const ids = [...this.ids];
      const [{ compareExperiments }, { experiments }] = await Promise.all([
        request(CompareDocument, { ids }, signal),
        request(CompareCurvesDocument, { ids, maxPoints: MAX_POINTS }, signal),
      ]);
      for (const id of ids) if (!this.histories.has(id)) this.histories.set(id, new RunHistory());
      for (const { id, series } of experiments.nodes) this.histories.get(id)?.load(series);
      this.comparison.value = compareExperiments;
      return true;
    } catch (error) {
      if (this.stop.signal.aborted) return false;
      this.failure.value = error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
      return false;
    }
  }

  /** Asks for the figures and differences alone; the curves follow the epochs themselves. */
  private async compare(): Promise<void> {
    try {
      const answer = await request(CompareDocument, { ids: [...this.ids] }, this.stop.signal);
      this.comparison.value = answer.compareExperiments;
    } catch {
      // What is shown is what was last known; the next change asks again.
    }
  }

  private follow(): void {
    let isFirst = true;
    void follow(
      ExperimentChangedDocument,
      () => ({ filter: { ids: [...this.ids] } }),
      (data) => data.experimentChanged,
      {
        onEvent: ({ experimentId }) => {
          if (this.histories.has(experimentId)) this.compareSoon();
        },
        onFresh: () => {
          if (!isFirst) void this.load();
          isFirst = false;
        },
      },
      this.stop.signal,
    );
    const running = this.comparison.peek()?.experiments.filter(({ status }) => status === 'RUNNING') ?? [];
    for (const { id } of running) {
      const history = this.histories.get(id)!;
      void follow(
        EpochLoggedDocument,
        () => ({ id, afterEpoch: history.lastEpoch }),
        (data) => data.epochLogged,
        {
          onEvent: ({ epoch }) => {
            history.take(epoch.epoch, epoch.metrics.values);
            if (history.isOverfull) void this.load();
          },
        },
        this.stop.signal,
      );
    }
  }

  /** Figures and differences are the server's to work out; they are asked for again some time after a change. */
  private compareSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.compare();
    }, COMPARE_EVERY_MS);
  }
}
