/** The limits that can be set from outside: one setting and one number each. docs/limits.md says what each is for. */
export interface Limits {
  /** Bytes of an HTTP body or of a message on a WebSocket. */
  bodyBytes: number;
  /** Lexical tokens of a document. */
  tokens: number;
  /** Fields inside fields. */
  depth: number;
  /** Fields, spreads and inline fragments of a document, with its fragments spread out. */
  fields: number;
  /** Fields under another name, with the document's fragments spread out. */
  aliases: number;
  /** Directives, with the document's fragments spread out. */
  directives: number;
  /** Fields of the root type. */
  rootFields: number;
  /** Fragments that a document defines. */
  fragments: number;
  /** Records that an operation may come to, from its page sizes and lists of ids. */
  nodes: number;
}

export interface LimitSetting {
  variable: string;
  value: number;
  min: number;
  max: number;
  help: string;
}

/** The variable of each limit, its default, the values that it takes, and its words in .env.example. */
export const LIMIT_SETTINGS: Readonly<Record<keyof Limits, LimitSetting>> = {
  bodyBytes: {
    variable: 'LIMIT_BODY_BYTES',
    value: 8 * 1024 * 1024,
    min: 64 * 1024,
    max: 64 * 1024 * 1024,
    help: 'bytes of an HTTP body or a WebSocket message',
  },
  tokens: {
    variable: 'LIMIT_TOKENS',
    value: 10_000,
    min: 1_000,
    max: 100_000,
    help: 'words and marks of a GraphQL document',
  },
  depth: { variable: 'LIMIT_DEPTH', value: 50, min: 15, max: 100, help: 'fields inside fields' },
  fields: {
    variable: 'LIMIT_FIELDS',
    value: 2_000,
    min: 250,
    max: 50_000,
    help: 'fields of a document, its fragments spread out',
  },
  aliases: { variable: 'LIMIT_ALIASES', value: 50, min: 0, max: 10_000, help: 'fields under another name' },
  directives: { variable: 'LIMIT_DIRECTIVES', value: 50, min: 0, max: 10_000, help: '@skip, @include and the like' },
  rootFields: { variable: 'LIMIT_ROOT_FIELDS', value: 20, min: 1, max: 10_000, help: 'queries or mutations in one' },
  fragments: { variable: 'LIMIT_FRAGMENTS', value: 100, min: 10, max: 10_000, help: 'fragments of a document' },
  nodes: {
    variable: 'LIMIT_NODES',
    value: 50_000,
    min: 5_000,
    max: 10_000_000,
    help: 'records that an operation may come to, by its page sizes',
  },
};

export const LIMIT_NAMES = Object.keys(LIMIT_SETTINGS) as (keyof Limits)[];

/** The limits of a server on which none was set. */
export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMIT_SETTINGS[name].value]),
) as unknown as Limits;

/** How a refusal names a limit: its figure, and the setting that changes it. */
export function figureOf(name: keyof Limits, limits: Pick<Limits, typeof name>): string {
  return `${limits[name]} (${LIMIT_SETTINGS[name].variable})`;
}
