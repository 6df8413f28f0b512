import { batch, signal } from '@preact/signals';
import {
  SubjectChangedDocument,
  SubjectFacetsDocument,
  SubjectsDocument,
  type SubjectFacetsQuery,
  type SubjectFilter,
  type SubjectOrder,
  type SubjectRowFragment,
} from '../api/documents';
import { follow } from '../api/follow';
import { ApiFailure, request } from '../api/request';

const PAGE_SIZE = 200;
/** Subjects change seldom, and then many at once: the list is read anew this long after the first change. */
const RELOAD_AFTER_MS = 600;

/** The subjects under one filter and order, page by page, with their facets. */
export class SubjectList {
  readonly rows = signal<readonly SubjectRowFragment[]>([]);
  readonly facets = signal<SubjectFacetsQuery | null>(null);
  readonly failure = signal<ApiFailure | null>(null);
  readonly isReady = signal(false);
  readonly hasMore = signal(true);

  private readonly stop = new AbortController();
  private cursor: string | null = null;
  private isLoading = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly filter: SubjectFilter | null,
    private readonly order: SubjectOrder,
  ) {}

  open(): void {
    void this.loadMore();
    void this.count();
    let isFirst = true;
    void follow(
      SubjectChangedDocument,
      () => ({}),
      (data) => data.subjectChanged,
      {
        onEvent: () => this.reloadSoon(),
        onFresh: () => {
          if (!isFirst) this.reloadSoon();
          isFirst = false;
        },
      },
      this.stop.signal,
    );
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.timer);
  }

  /** Loads the page behind the last row. */
  async loadMore(): Promise<void> {
    if (this.isLoading || !this.hasMore.peek()) return;
    this.isLoading = true;
    try {
      const { nodes, pageInfo } = await this.page(PAGE_SIZE, this.cursor);
      batch(() => {
        this.rows.value = [...this.rows.peek(), ...nodes];
        this.settle(pageInfo);
      });
    } catch (error) {
      this.fail(error);
    } finally {
      this.isLoading = false;
    }
  }

  private settle({ endCursor, hasNextPage }: { endCursor: string | null; hasNextPage: boolean }): void {
    this.cursor = endCursor;
    this.hasMore.value = hasNextPage;
    this.isReady.value = true;
    this.failure.value = null;
  }

  private async page(first: number, after: string | null) {
    const variables = { filter: this.filter, orderBy: [this.order], first, after };
    return (await request(SubjectsDocument, variables, this.stop.signal)).subjects;
  }

  private reloadSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.reload();
    }, RELOAD_AFTER_MS);
  }

  private async reload(): Promise<void> {
    void this.count();
    try {
      const shown = Math.min(1000, Math.max(PAGE_SIZE, this.rows.peek().length));
      const { nodes, pageInfo } = await this.page(shown, null);
      batch(() => {
        this.rows.value = nodes;
        this.settle(pageInfo);
      });
    } catch (error) {
      this.fail(error);
    }
  }

  private async count(): Promise<void> {
    try {
      this.facets.value = await request(SubjectFacetsDocument, { filter: this.filter }, this.stop.signal);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (this.stop.signal.aborted) return;
    this.failure.value = error instanceof ApiFailure ? error : new ApiFailure('INTERNAL', String(error));
  }
}
