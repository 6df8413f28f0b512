import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment } from '../../types/Experiment';
import type { Log } from '../log';
import type { ExperimentReports, Yardstick } from '../stores/experiment-reports';
import type { Broker } from './broker';
import type { LiveEvent } from './events';
import type { Subscriber } from './queue';

/** Changes within so short a time are told of as one. */
const PAUSE_MS = 50;
const RETRY_MS = 1_000;

interface BoardOf {
  challenge: number;
  first: number;
  yardstick: Yardstick;
}

/** The leaderboards that somebody follows: each is read once a change, whatever the number of its followers. */
export class Boards {
  private readonly boards = new Map<string, Board>();

  constructor(
    private readonly reports: ExperimentReports,
    private readonly broker: Broker,
    private readonly log: Log,
  ) {}

  /** The board as it is, then each time that a run enters, leaves or moves, or one on it has another figure, name or status. */
  follow(of: BoardOf): AsyncIterableIterator<Experiment[]> {
    const key = JSON.stringify(of);
    let board = this.boards.get(key);
    if (!board) {
      board = new Board(of, this.reports, this.broker, this.log, () => this.boards.delete(key));
      this.boards.set(key, board);
    }
    return board.follow();
  }
}

class Board implements Subscriber {
  private latest: Experiment[] | undefined;
  private signature = '';
  private isDirty = true;
  private isClosed = false;
  private failure: Error | undefined;
  private readonly followers = new Set<() => void>();
  private wake: (() => void) | undefined;
  private readonly detach: () => void;

  constructor(
    private readonly of: BoardOf,
    private readonly reports: ExperimentReports,
    broker: Broker,
    private readonly log: Log,
    private readonly onUnused: () => void,
  ) {
    this.detach = broker.attach(this);
    void this.run();
  }

  push({ collection, id, document }: LiveEvent): void {
    if (collection !== 'experiments') return;
    if (document?.challenge === this.of.challenge || this.latest?.some(({ _id }) => String(_id) === String(id))) {
      this.refresh();
    }
  }

  /** A gap in the history is no harm: the board is read again. */
  end(failure?: Error): void {
    if (failure) this.refresh();
    else this.close();
  }

  follow(): AsyncIterableIterator<Experiment[]> {
    let given: Experiment[] | undefined;
    let stopped = false;
    let wake: () => void = () => undefined;
    const notify = () => wake();
    const stop = () => {
      stopped = true;
      wake();
      this.followers.delete(notify);
      if (this.followers.size === 0) this.close();
    };
    this.followers.add(notify);
    const iterator: AsyncIterableIterator<Experiment[]> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        for (;;) {
          if (this.failure && !stopped) throw this.failure;
          if (stopped || this.isClosed) return { done: true, value: undefined };
          if (this.latest && this.latest !== given) return { done: false, value: (given = this.latest) };
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
      return: async () => {
        stop();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  }

  private refresh(): void {
    this.isDirty = true;
    this.wake?.();
  }

  private close(failure?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.failure = failure;
    this.detach();
    this.onUnused();
    this.wake?.();
    this.notify();
  }

  private notify(): void {
    for (const follower of this.followers) follower();
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      if (!this.isDirty) await new Promise<void>((resolve) => (this.wake = resolve));
      if (this.isClosed) return;
      this.isDirty = false;
      try {
        this.accept(await this.reports.best(this.of.challenge, this.of.first, this.of.yardstick));
        await sleep(PAUSE_MS);
      } catch (error) {
        // Followers of a board that never was learn why; those who have one wait for the next.
        if (!this.latest) return this.close(error as Error);
        this.log.warn({ err: error }, 'A leaderboard could not be read; it is tried again');
        this.isDirty = true;
        await sleep(RETRY_MS);
      }
    }
  }

  private accept(board: Experiment[]): void {
    const { metric } = this.of.yardstick;
    const signature = JSON.stringify(
      board.map(({ _id, experiment_name: name, status, metrics }) => [
        String(_id),
        name,
        status,
        String(metrics.values.get(metric)),
      ]),
    );
    if (this.latest && signature === this.signature) return;
    this.latest = board;
    this.signature = signature;
    this.notify();
  }
}
