import { ensure, MongoError } from './errors';
import { show } from './values/show';
import { asNumber, isDoc, type Doc, type Value } from './values/value';

/** What the fail point `failCommand` does to a command. */
export interface Failure {
  error: MongoError | undefined;
  closeConnection: boolean;
  blockMs: number;
  writeConcernError: Doc | undefined;
}

const DATA_FIELDS =
  'failCommands errorCode errorLabels closeConnection blockConnection blockTimeMS writeConcernError failInternalCommands';

/** MongoDB's failCommand, so that an application's retries can be tested. Off unless the database was started with it. */
export class FailPoints {
  private remaining = 0;
  private data: Doc = new Map();

  constructor(private readonly allowed: boolean) {}

  /** Sets or clears it, as the command configureFailPoint says. */
  configure(name: Value | undefined, mode: Value | undefined, data: Value | undefined): void {
    ensure(this.allowed, 'CommandNotFound', "no such command: 'configureFailPoint'");
    ensure(name === 'failCommand', 'BadValue', `The only fail point here is failCommand, not ${show(name)}`);
    const times = isDoc(mode)
      ? asNumber(mode.get('times'))
      : mode === 'off'
        ? 0
        : mode === 'alwaysOn'
          ? Infinity
          : undefined;
    ensure(times !== undefined && times >= 0, 'BadValue', 'mode must be off, alwaysOn or { times: n }');
    this.remaining = times;
    if (mode === 'off') return;
    ensure(isDoc(data), 'BadValue', 'failCommand needs data');
    const unknown = [...data.keys()].find((field) => !DATA_FIELDS.split(' ').includes(field));
    ensure(!unknown, 'BadValue', `failCommand here has no option ${unknown}`);
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
      error: code === undefined ? undefined : new MongoError(code, "Failing command via 'failCommand'", extras),
      closeConnection: this.data.get('closeConnection') === true,
      blockMs: this.data.get('blockConnection') === true ? (asNumber(this.data.get('blockTimeMS')) ?? 0) : 0,
      writeConcernError: isDoc(concern) ? concern : undefined,
    };
  }
}
