import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ExperimentCountsDocument, type ExperimentCountsQuery, type ExperimentFilter } from '../api/documents';
import { request } from '../api/request';
import type { RunList } from './run-list';

/** Counts follow the events at most this often. */
const COUNT_EVERY_MS = 3_000;

export type Counts = ExperimentCountsQuery;

/** How many runs there are and match, by state, model and tag; counted anew some time after changes. */
export function useCounts(list: RunList, filter: ExperimentFilter | null): Counts | null {
  const counts = useSignal<Counts | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const count = async (): Promise<void> => {
      try {
        counts.value = await request(ExperimentCountsDocument, { filter }, stop.signal);
      } catch {
        // The list says what is wrong; it is whole without its counts.
      }
    };
    void count();
    const unsubscribe = list.changes.subscribe((changes) => {
      if (changes === 0 || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        void count();
      }, COUNT_EVERY_MS);
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
      unsubscribe();
    };
  }, [list]);
  return counts.value;
}
