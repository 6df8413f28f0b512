import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ApiFailure } from '../api/request';

/** Sets the title of the tab while a page is shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Epochgraph` : 'Epochgraph';
  }, [title]);
}

/** What went wrong, in the server's words, and what may be done. */
export function Failure({ failure, retry }: { failure: ApiFailure; retry?: (() => void) | undefined }) {
  return (
    <section class="notice" role="alert">
      <h2>{failure.code === 'NOT_FOUND' ? 'Not found' : 'This could not be loaded'}</h2>
      <p>{failure.message}</p>
      {retry && (
        <button class="button" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}

/** A page or a list with nothing to show. */
export function Notice({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="notice">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Grey bars in the place of what is on its way. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div aria-hidden="true" style={{ display: 'grid', gap: '1rem', maxWidth: '60rem' }}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="skeleton" style={{ width: `${92 - ((line * 37) % 48)}%` }} />
      ))}
    </div>
  );
}

/** An address that leads nowhere. */
export function NotFound() {
  useTitle('Not found');
  return (
    <section class="notice">
      <h1 tabIndex={-1}>There is no page here</h1>
      <p>
        The address names none of the dashboard’s pages. <a href="/">All experiments</a> are a start.
      </p>
    </section>
  );
}
