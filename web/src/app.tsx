import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { ComparePage } from './compare/compare-page';
import { ExperimentsPage } from './experiments/experiments-page';
import { LeaderboardPage } from './leaderboard/leaderboard-page';
import { place } from './routing';
import { RunPage } from './run/run-page';
import { SubjectPage } from './subjects/subject-page';
import { SubjectsPage } from './subjects/subjects-page';
import { Account } from './ui/account';
import { ConnectionState, LostBanner } from './ui/connection';
import { NotFound } from './ui/states';
import { ShortcutHelp } from './ui/shortcuts';
import { Toast } from './ui/toast';
import { TokenDialog } from './ui/token-dialog';

/** Each page with the pattern of its path. src/http/dashboard.ts of the server knows the same paths. */
const ROUTES: [pattern: RegExp, page: ComponentType<{ id: string }>, section: string][] = [
  [/^\/$/, ExperimentsPage, '/'],
  [/^\/experiments\/([^/]+)$/, RunPage, '/'],
  [/^\/compare$/, ComparePage, '/compare'],
  [/^\/leaderboard$/, LeaderboardPage, '/leaderboard'],
  [/^\/subjects$/, SubjectsPage, '/subjects'],
  [/^\/subjects\/([^/]+)$/, SubjectPage, '/subjects'],
];

const SECTIONS = [
  ['/', 'Experiments'],
  ['/compare', 'Compare'],
  ['/leaderboard', 'Leaderboard'],
  ['/subjects', 'Subjects'],
] as const;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The frame around every page, and the page that the address names. */
export function App() {
  const { path } = place.value;
  const route = ROUTES.find(([pattern]) => pattern.test(path));
  const id = decoded(route?.[0].exec(path)?.[1] ?? '');
  const Page = route?.[1] ?? NotFound;

  // A page that was reached by a link is announced and read from its heading.
  useEffect(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    document.querySelector<HTMLElement>('h1')?.focus();
  }, [path]);

  return (
    <>
      <a class="skip-link" href="#page">
        Skip to the page
      </a>
      <header class="shell-bar">
        <a class="shell-brand" href="/" aria-label="Epochgraph, experiments">
          <Mark />
          <span>Epochgraph</span>
        </a>
        <nav class="shell-nav" aria-label="Sections">
          {SECTIONS.map(([href, name]) => (
            <a key={href} href={href} aria-current={route?.[2] === href ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="shell-side">
          <a href="/graphiql">API</a>
          <ConnectionState />
          <Account />
        </div>
      </header>
      <LostBanner />
      <main class="shell-page" id="page">
        <Page key={path} id={id} />
      </main>
      <Toast />
      <TokenDialog />
      <ShortcutHelp />
    </>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#14365f" />
      <path d="M6 7c3.2 11 7.5 15.6 20 16.6" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
      <circle cx="20.3" cy="22.9" r="3.4" fill="#ffb454" />
    </svg>
  );
}
