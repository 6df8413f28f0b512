import { computed, signal } from '@preact/signals';

/** The page's address as the router sees it. */
export interface Place {
  path: string;
  search: string;
}

const here = (): Place => ({ path: location.pathname, search: location.search });

export const place = signal<Place>(here());

/** The query of the address. Everything that a link should carry is kept in it. */
export const query = computed(() => new URLSearchParams(place.value.search));

/** Paths that the server answers itself, outside the dashboard. */
const OUTSIDE = /^\/(graphql|graphiql|health|metrics)(\/|$)/;

/** Goes to an address of the dashboard; `replace` leaves no entry in the history. */
export function navigate(url: string, { replace = false }: { replace?: boolean } = {}): void {
  const target = new URL(url, location.href);
  const isNewPage = target.pathname !== location.pathname;
  history[replace ? 'replaceState' : 'pushState'](null, '', target);
  place.value = here();
  if (isNewPage) scrollTo(0, 0);
}

/** Changes parts of the query in place: a value sets, null or an empty string removes. */
export function setQuery(changes: Record<string, string | null>, { replace = true }: { replace?: boolean } = {}): void {
  const next = new URLSearchParams(place.peek().search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = readable(next);
  navigate(place.peek().path + (text ? `?${text}` : ''), { replace });
}

/** A query with commas and colons left as they are, for links that a person can read. */
export function readable(search: URLSearchParams): string {
  return search.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

/** Lets plain links of the dashboard change the page without loading it. */
export function interceptLinks(): void {
  addEventListener('popstate', () => (place.value = here()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return;
    if (OUTSIDE.test(link.pathname) || (link.hash && link.pathname === location.pathname)) return;
    event.preventDefault();
    navigate(link.href);
  });
}
