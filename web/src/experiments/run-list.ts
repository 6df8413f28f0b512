import { batch, signal, type Signal } from '@preact/signals';
import {
  ExperimentChangedDocument,
  ExperimentsDocument,
  type ExperimentChangedSubscription,
  type ExperimentFilter,
} from '../api/documents';
import { follow } from '../api/follow';
import { ApiFailure, request } from '../api/request';
import { compareRuns, type Run, type Sorting } from './columns';

const PAGE_SIZE = 100;
/** Liveness passes without an event; runs that say they run are asked for again this often. */
const LIVENESS_EVERY_MS = 30_000;
/** As many as a page holds. */
const MAX_IDS = 100;

/**
 * The list of runs under one filter and order, page by page, kept true by events. The rows that are loaded are always
 * the first ones of the whole list: a run that changes moves, enters or leaves as the server would have it.
 */
export class RunList {
  /** Ids in order. */
  readonly ids = signal<readonly string[]>([]);
  readonly hasMore = signal(true);
  readonly isLoading = signal(false);
  readonly failure = signal<ApiFailure | null>(null);
  /** Whether the first page has come. */
  readonly isReady = signal(false);
  /** Counts up with every change that came live. */
  readonly changes = signal(0);
  /** Runs that appeared while the list was shown. */
  readonly arrived = new Set<string>();

  private readonly runs = new Map<string, Signal<Run>>();
  private readonly stop = new AbortController();
  private readonly compare: (a: Run, b: Run) => number;
  private cursor: string | null = null;
  private livenessTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly filter: ExperimentFilter | null,
    private readonly sorting: Sorting,
  ) {
    this.compare = compareRuns(sorting);
  }

  /** Loads the first page and follows the changes until `close`. */
  open(): void {
    void this.loadMore();
    void follow(
      ExperimentChangedDocument,
      () => ({ filter: this.filter }),
      (data) => data.experimentChanged,
      {
        onEvent: (event) => this.take(event),
        onFresh: () => void this.reload(),
      },
      this.stop.signal,
    );
    this.livenessTimer = setInterval(() => void this.lookUpRunning(), LIVENESS_EVERY_MS);
  }

  close(): void {
    this.stop.abort();
    clearInterval(this.livenessTimer);
  }

  /** The row of an id that is in `ids`. */
  run(id: string): Signal<Run> {
    return this.runs.get(id)!;
  }

  /** Loads the page behind the last row; does nothing while one is on its way or none is left. */
  async loadMore(): Promise<void> {
    if (this.isLoading.peek() || !this.hasMore.peek()) return;
    this.isLoading.value = true;
    try {
      const { nodes, pageInfo } = await this.page(this.cursor);
      batch(() => {
        this.cursor = pageInfo.endCursor;
        this.hasMore.value = pageInfo.hasNextPage;
        this.put(nodes);
        this.isReady.value = true;
        this.failure.value = null;
      });
    } catch (error) {
      this.fail(error);
    } finally {
      this.isLoading.value = false;
    }
  }

  /** What was missed before the subscription stood: the first page again, into what is shown. */
  private async reload(): Promise<void> {
    try {
      const { nodes, pageInfo } = await this.page(null);
      if (!this.isReady.peek()) return;
      const fresh = new Set(nodes.map(({ id }) => id));
      const last = nodes.at(-1);
      batch(() => {
        // Within the stretch of the page, what the server does not list is gone.
        const gone = this.ids.peek().filter((id) => {
          if (fresh.has(id)) return false;
          return !pageInfo.hasNextPage || !last || this.compare(this.run(id).peek(), last) < 0;
        });
        this.drop(gone);
        this.put(nodes);
        this.failure.value = null;
      });
    } catch (error) {
      this.fail(error);
    }
  }

  private async page(after: string | null) {
    const { column, direction } = this.sorting;
    const orderBy = [{ ...column.order, direction }];
    const variables = { filter: this.filter, orderBy, first: PAGE_SIZE, after };
    return (await request(ExperimentsDocument, variables, this.stop.signal)).experiments;
  }

  private fail(error: unknown): void {
    if (this.stop.signal.aborted) return;
    this.failure.value = error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
  }

  private take({ experimentId, experiment, matches }: ExperimentChangedSubscription['experimentChanged']): void {
    this.changes.value++;
    if (!matches || !experiment) {
      this.drop([experimentId]);
      return;
    }
    if (!this.runs.has(experimentId)) this.arrived.add(experimentId);
    this.put([experiment], true);
  }

  /** Asks for the runs that say they run: which of them have gone silent, and are still under the filter. */
  private async lookUpRunning(): Promise<void> {
    const ids = this.ids
      .peek()
      .filter((id) => this.run(id).peek().status === 'RUNNING')
      .slice(0, MAX_IDS);
    if (ids.length === 0 || document.visibilityState === 'hidden') return;
    const filter = this.filter === null ? { ids } : { and: [this.filter, { ids }] };
    try {
      const { experiments } = await request(ExperimentsDocument, { filter, first: MAX_IDS }, this.stop.signal);
      const found = new Set(experiments.nodes.map((run) => run.id));
      batch(() => {
        this.drop(ids.filter((id) => !found.has(id)));
        this.put(experiments.nodes, true);
      });
    } catch {
      // Asked for again the next time; meanwhile what is shown is what was last known.
    }
  }

  private drop(ids: readonly string[]): void {
    const gone = new Set(ids.filter((id) => this.runs.delete(id)));
    if (gone.size > 0) this.ids.value = this.ids.peek().filter((id) => !gone.has(id));
  }

  /** Puts rows where they belong. Of those that `isLive`, rows past the end of what is loaded wait for their page. */
  private put(runs: readonly Run[], isLive = false): void {
    const before = this.ids.peek();
    const end = isLive && this.hasMore.peek() && before.length > 0 ? this.run(before.at(-1)!).peek() : null;
    let ids: readonly string[] = before;
    let isMoved = false;
    for (const run of runs) {
      const known = this.runs.get(run.id);
      if (end && run.id !== end.id && this.compare(run, end) > 0) {
        this.drop([run.id]);
        ids = this.ids.peek();
      } else if (known) {
        isMoved ||= this.compare(known.peek(), run) !== 0;
        known.value = run;
      } else {
        this.runs.set(run.id, signal(run));
        ids = [...ids, run.id];
        isMoved = true;
      }
    }
    if (isMoved) this.ids.value = [...ids].sort((a, b) => this.compare(this.run(a).peek(), this.run(b).peek()));
  }
}
