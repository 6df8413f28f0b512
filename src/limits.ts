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
  /** Seconds that an operation may take; a subscription's events count one by one. */
  operationSeconds: number;
  /** Seconds that a client may take to send a request. */
  requestSeconds: number;
  /** Open TCP connections, of all clients. */
  connections: number;
  /** Open WebSockets and event streams of a client. */
  socketsPerClient: number;
  /** Operations under way on a WebSocket, subscriptions among them. */
  operationsPerSocket: number;
  /** Operations under way on a client's WebSockets and event streams. */
  operationsPerClient: number;
  /** Messages that a client may send in a second on a WebSocket. */
  messagesPerSecond: number;
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
  operationSeconds: {
    variable: 'LIMIT_OPERATION_SECONDS',
    value: 30,
    min: 1,
    max: 3_600,
    help: 'how long an operation may take',
  },
  requestSeconds: {
    variable: 'LIMIT_REQUEST_SECONDS',
    value: 60,
    min: 5,
    max: 3_600,
    help: 'how long a client may take to send a request',
  },
  connections: {
    variable: 'LIMIT_CONNECTIONS',
    value: 10_000,
    min: 10,
    max: 1_000_000,
    help: 'open connections, of all clients',
  },
  socketsPerClient: {
    variable: 'LIMIT_SOCKETS_PER_CLIENT',
    value: 2_000,
    min: 1,
    max: 1_000_000,
    help: 'open WebSockets and event streams of a client',
  },
  operationsPerSocket: {
    variable: 'LIMIT_OPERATIONS_PER_SOCKET',
    value: 250,
    min: 1,
    max: 100_000,
    help: 'operations and subscriptions under way on a WebSocket',
  },
  operationsPerClient: {
    variable: 'LIMIT_OPERATIONS_PER_CLIENT',
    value: 5_000,
    min: 1,
    max: 1_000_000,
    help: 'operations and subscriptions under way on all sockets of a client',
  },
  messagesPerSecond: {
    variable: 'LIMIT_MESSAGES_PER_SECOND',
    value: 1_000,
    min: 1,
    max: 1_000_000,
    help: 'messages that a client may send on a WebSocket',
  },
};

export const LIMIT_NAMES = Object.keys(LIMIT_SETTINGS) as (keyof Limits)[];

/** The limits of a server on which none was set. */
export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMIT_SETTINGS[name].value]),
) as unknown as Limits;

/** How a refusal names a limit: its figure, and the setting that changes it. */
export function figureOf(name: keyof Limits, figure: number): string {
  return `${figure} (${LIMIT_SETTINGS[name].variable})`;
}
