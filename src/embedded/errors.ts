/** MongoDB's numeric error codes that the embedded database answers with, by their official names. */
export const CODES = {
  InternalError: 1,
  BadValue: 2,
  HostUnreachable: 6,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  IllegalOperation: 20,
  InvalidBSON: 22,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  CannotBackfillArray: 51,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  EmptyFieldName: 56,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  NotExactValueField: 111,
  WriteConflict: 112,
  CommandNotSupported: 115,
  CannotIndexParallelArrays: 171,
  PrimarySteppedDown: 189,
  TransactionTooOld: 225,
  ConversionFailure: 241,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  ChangeStreamFatalError: 280,
  ChangeStreamHistoryLost: 286,
  OperationNotSupportedInTransaction: 263,
  APIVersionError: 322,
  InterruptedAtShutdown: 11600,
  Interrupted: 11601,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  NotWritablePrimary: 10107,
} as const;

export type CodeName = keyof typeof CODES;

/** Names of codes, for replies; a code without an official name is called Location<number>, as mongod does. */
const NAMES = new Map<number, string>(Object.entries(CODES).map(([name, code]) => [code, name]));

/** What a failed reply carries besides code and message. */
export interface ErrorExtras {
  /** For instance TransientTransactionError. */
  errorLabels?: string[];
  /** More fields of the reply, such as keyPattern and keyValue of a duplicate key. */
  fields?: Map<string, unknown>;
}

/** An error that a client is told about, with the code that mongod gives for the same fault. */
export class MongoError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly errorLabels: string[];
  readonly fields: Map<string, unknown>;

  constructor(code: number, message: string, extras: ErrorExtras = {}) {
    super(message);
    this.name = 'MongoError';
    this.code = code;
    this.codeName = NAMES.get(code) ?? `Location${code}`;
    this.errorLabels = extras.errorLabels ?? [];
    this.fields = extras.fields ?? new Map<string, unknown>();
  }
}

/** Builds an error by the official name of its code. */
export function mongoError(name: CodeName, message: string, extras?: ErrorExtras): MongoError {
  return new MongoError(CODES[name], message, extras);
}

/** Throws an error with a code, or its official name, unless a condition holds. */
export function ensure(condition: unknown, code: CodeName | number, message: string): asserts condition {
  if (!condition) throw new MongoError(typeof code === 'number' ? code : CODES[code], message);
}
