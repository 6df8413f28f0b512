import { signal } from '@preact/signals';
import { ViewerDocument, type ViewerQuery } from './documents';
import { ApiFailure, request } from './request';
import { sessionNumber } from './session';
import { pause } from './socket';

const RETRY_MS = 5_000;

/** Who the person at the dashboard is to the server; null until it has said so. */
export const viewer = signal<ViewerQuery['viewer'] | null>(null);

/** Asks who the person is, at the start and again with each new token; through outages, until the server answers. */
sessionNumber.subscribe((number) => {
  viewer.value = null;
  void ask(number);
});

async function ask(session: number): Promise<void> {
  while (session === sessionNumber.peek()) {
    try {
      const answer = await request(ViewerDocument, {});
      if (session === sessionNumber.peek()) viewer.value = answer.viewer;
      return;
    } catch (error) {
      // What is not passing, such as the lack of a token, is told to the person by whoever shows the page.
      if (!(error instanceof ApiFailure) || !error.isPassing) return;
    }
    await pause(RETRY_MS);
  }
}
