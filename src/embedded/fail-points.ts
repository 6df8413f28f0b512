import { MongoError, mongoError } from './errors';
import { show } from './values/show';
import { asNumber, isDoc, type Doc, type Value } from './values/value';

/** What the fail point `failCommand` does to a command. */
export interface Failure {
  error?: MongoError;
  closeConnection: boolean;
  blockMs: number;
  writeConcernError?: Doc;
}

const DATA_FIELDS = [
  'failCommands',
  'errorCode',
  'errorLabels',
  'closeConnection',
  'blockConnection',
  'blockTimeMS',
  'writeConcernError',
  'failInternalCommands',
];

/** MongoDB's failCommand, so that an application's retries can be tested. Off unless the database was started with it. */
export class FailPoints {
  private remaining = 0;
  private data: Doc = new Map();

  constructor(private readonly allowed: boolean) {}

  /** Sets or clears it, as the command configureFailPoint says. */
  configure(name: Value | undefined, mode: Value | undefined, data: Value | undefined): void {
    if (!this.allowed) throw mongoError('CommandNotFound', "no such command: 'configureFailPoint'");
    if (name !== 'failCommand')
      throw mongoError('BadValue', `The only fail point here is failCommand, not ${show(name)}`);
    const times = isDoc(mode) ? asNumber(mode.get('times')) : undefined;
    if (mode === 'off') this.remaining = 0;
    else if (mode === 'alwaysOn') this.remaining = Infinity;
    else if (times !== undefined && times >= 0) this.remaining = times;
    else throw mongoError('BadValue', 'mode must be off, alwaysOn or { times: n }');
    if (mode === 'off') return;
    if (!isDoc(data)) throw mongoError('BadValue', 'failCommand needs data');
    for (const field of data.keys()) {
      if (!DATA_FIELDS.includes(field)) throw mongoError('BadValue', `failCommand here has no option ${field}`);
    }
    this.data = data;
  }

  /** What is to happen to a command; uses up one of the times. */
  failure(command: string): Failure | undefined {
    if (this.remaining <= 0 || command === 'configureFailPoint') return undefined;
    const commands = this.data.get('failCommands');
    if (!Array.isArray(commands) || !commands.includes(command)) return undefined;
    this.remaining--;
    const code = asNumber(this.data.get('errorCode'));
    const labels = this.data.get('errorLabels');
    const concern = this.data.get('writeConcernError');
    const extras = Array.isArray(labels) ? { errorLabels: labels.map(String) } : {};
    return {
      ...(code === undefined
        ? {}
        : { error: new MongoError(code, `Failing command via 'failCommand' failpoint`, extras) }),
      closeConnection: this.data.get('closeConnection') === true,
      blockMs: this.data.get('blockConnection') === true ? (asNumber(this.data.get('blockTimeMS')) ?? 0) : 0,
      ...(isDoc(concern) ? { writeConcernError: concern } : {}),
    };
  }
}
