import type { Document, Filter, Timestamp } from 'mongodb';
import { ChangeKind } from '../../types/enums/ChangeKind';
import type { ExperimentStore } from '../stores/experiments';
import { matcherOf, type Matcher } from '../stores/matching';
import type { LiveEvent } from './events';

/** Experiments under a filter whose ids are remembered from the start, at about 100 bytes each. */
const MOST_MEMBERS = 50_000;
/** How old the moment may be by which liveness is judged. */
const CLOCK_MS = 1_000;

/**
 * Which experiments are under the filter of one subscription, so that it is told not only of those that are but also, once,
 * of each that stops being so. The ids are read when the subscription begins; where they can't be known (behind a cursor,
 * or too many), an experiment that is not under the filter is told of once, in case it was before.
 */
export class Membership {
  private readonly known = new Map<string, boolean>();
  /** Set where every experiment under the filter at that time is known. */
  private completeAt: Timestamp | undefined;
  private matcher: { matches: Matcher; at: number } | undefined;

  /** @param filterNow - the filter, which may depend on the moment; throws what is wrong with it. */
  constructor(
    private readonly filterNow: () => Filter<Document>,
    private readonly experiments: ExperimentStore,
    private readonly readClock: () => Promise<Timestamp | undefined>,
  ) {
    this.matches({});
  }

  /** Reads which experiments are under the filter; for a subscription that begins now. */
  async load(): Promise<void> {
    const ids = await this.experiments.idsUnder(this.filterNow(), MOST_MEMBERS + 1);
    if (ids.length > MOST_MEMBERS) return;
    for (const id of ids) this.known.set(String(id), true);
    this.completeAt = await this.readClock();
  }

  /** Whether the experiment of an event is under the filter; undefined where the subscriber need not know. */
  judge({ id, kind, document, clusterTime }: LiveEvent): boolean | undefined {
    const key = String(id);
    if (kind === ChangeKind.DELETED || !document) {
      this.known.delete(key);
      return kind === ChangeKind.DELETED ? false : undefined;
    }
    if (this.matches(document)) {
      this.known.set(key, true);
      return true;
    }
    const isComplete = this.completeAt !== undefined && clusterTime?.greaterThan(this.completeAt) === true;
    const was = this.known.get(key) ?? (isComplete ? false : undefined);
    if (was === undefined && kind === ChangeKind.CREATED) return undefined;
    if (isComplete) this.known.delete(key);
    else this.known.set(key, false);
    return was === false ? undefined : false;
  }

  private matches(document: object): boolean {
    const now = Date.now();
    if (!this.matcher || now - this.matcher.at > CLOCK_MS) {
      this.matcher = { matches: matcherOf(this.filterNow()), at: now };
    }
    return this.matcher.matches(document);
  }
}
