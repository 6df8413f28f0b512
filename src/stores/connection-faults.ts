import type {
  Document,
  MongoClient,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatSucceededEvent,
  TopologyDescriptionChangedEvent,
} from 'mongodb';

/** Why there is no connection, in a sentence for the person who started the server. */
export interface ConnectionFault {
  message: string;
  /** Whether it may pass by itself, as when the database is still coming up. */
  mayPass: boolean;
}

interface ConnectionError extends Error {
  code?: number | string;
  syscall?: string;
  hostname?: string;
  path?: string;
  reason?: { servers?: Map<string, { error?: Error | null }> };
  errors?: Error[];
}

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;

/** Codes of Node's TLS that say what is wrong with the database's certificate. */
const CERTIFICATE =
  /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_|ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|UNTRUSTED|CRL_)/;
const NO_TLS = /^(EPROTO|ERR_SSL_)/;
const UNKNOWN_NAME = new Set<unknown>(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'ENODATA']);

/** An error and those inside it: causes, those of each server, and those of each address of a name. */
function within(error: unknown, depth = 0): ConnectionError[] {
  if (typeof error !== 'object' || error === null || !('message' in error) || depth > 5) return [];
  const { cause, reason, errors } = error as ConnectionError;
  const inner = [cause, ...(errors ?? []), ...[...(reason?.servers?.values() ?? [])].map((server) => server.error)];
  return [error as ConnectionError, ...inner.flatMap((one) => within(one, depth + 1))];
}

/** What is said of a standalone, which has no oplog: no transactions, no change streams. */
export const STANDALONE =
  'The MongoDB at MONGODB_URI is a standalone, which has no transactions or change streams. Make it a replica set ' +
  'of one: start mongod with --replSet rs0, run rs.initiate() once in mongosh, and put ?replicaSet=rs0 in the URI.';

/** What is said of a MongoDB older than 4.4. */
export function tooOld(version: string): string {
  return `The MongoDB at MONGODB_URI is ${version}; Epochgraph needs 4.4, and supports 6.0 and later.`;
}

/** What a database's own errors at the start mean; undefined for those that may pass or are none of MongoDB's. */
export function refusalOf(error: unknown): string | undefined {
  for (const { name, code, message, hostname, syscall, path } of within(error)) {
    // The driver does not say which version it is.
    if (name === 'MongoCompatibilityError') return tooOld('older than 4.4');
    if (code === AUTHENTICATION_FAILED) {
      return (
        'The database refuses the user name or the password of MONGODB_URI (or the user is of another database than ' +
        'the URI’s authSource, which is usually admin).'
      );
    }
    if (code === UNAUTHORIZED) {
      const what = message.replace(/ to execute command.*$/s, '');
      return `The user of MONGODB_URI lacks rights; it needs the role readWrite on the database. MongoDB says: ${what}.`;
    }
    if (typeof code === 'string' && CERTIFICATE.test(code)) {
      return (
        `The database's TLS certificate is not trusted (${code}). Name the certificate of its authority by ` +
        'tlsCAFile=… in MONGODB_URI, and a host that the certificate is for.'
      );
    }
    if (typeof code === 'string' && NO_TLS.test(code)) {
      return 'MONGODB_URI asks for TLS, and the database does not speak it (or no version of it that this server does).';
    }
    if (syscall === 'open' && path !== undefined) {
      return `MONGODB_URI names a file that can't be read: ${path} (${code}).`;
    }
    if (syscall === 'querySrv' && code !== 'EAI_AGAIN' && code !== 'ETIMEOUT') {
      return `MONGODB_URI is mongodb+srv, and its name has no SRV record: ${hostname}.`;
    }
  }
  return undefined;
}

/**
 * Watches a client while it connects, so that a failure can be explained: by what each server answered, or by the error
 * that came instead. Attach it before connecting.
 */
export class ConnectionWatch {
  private readonly replies = new Map<string, Document>();
  private readonly failures = new Map<string, Error>();
  private readonly seeds: readonly string[];
  private readonly setName: string | undefined;
  private readonly wantsTls: boolean;
  /** Ends the watching: a client that is connected is never given up. */
  readonly stop: () => void;

  /** @param giveUp - called when none of the servers can be used now, so that the driver would try in vain. */
  constructor(client: MongoClient, giveUp: () => void) {
    this.seeds = client.options.hosts.map(String);
    this.setName = client.options.replicaSet;
    this.wantsTls = client.options.tls;
    const onAnswer = ({ connectionId, reply }: ServerHeartbeatSucceededEvent): void => {
      this.failures.delete(connectionId);
      this.replies.set(connectionId, reply);
      if (this.faultOfReplies()) giveUp();
    };
    const onFailure = ({ connectionId, failure }: ServerHeartbeatFailedEvent): void => {
      this.replies.delete(connectionId);
      this.failures.set(connectionId, failure);
    };
    const onChange = ({ newDescription: { servers } }: TopologyDescriptionChangedEvent): void => {
      if (servers.size > 0 && [...servers.values()].every(({ error }) => error)) giveUp();
    };
    client.on('serverHeartbeatSucceeded', onAnswer);
    client.on('serverHeartbeatFailed', onFailure);
    client.on('topologyDescriptionChanged', onChange);
    this.stop = () => {
      client.off('serverHeartbeatSucceeded', onAnswer);
      client.off('serverHeartbeatFailed', onFailure);
      client.off('topologyDescriptionChanged', onChange);
    };
  }

  /** Why connecting ended with this error. */
  explain(error: unknown): ConnectionFault {
    const causes = [error, ...this.failures.values()];
    const byReplies = this.faultOfReplies();
    if (byReplies?.mayPass === false) return byReplies;
    for (const cause of causes) {
      const message = refusalOf(cause);
      if (message !== undefined) return { message, mayPass: false };
    }
    return byReplies ?? { message: this.sentenceOf(causes.flatMap((cause) => within(cause))), mayPass: true };
  }

  /** What the servers that answered say of themselves that keeps this one from using them. */
  private faultOfReplies(): ConnectionFault | undefined {
    for (const [address, { setName, msg, isreplicaset }] of this.replies) {
      if (isreplicaset) {
        const message = `The MongoDB at ${address} was started with --replSet, and its replica set is not initiated yet: run rs.initiate() once in mongosh.`;
        return { message, mayPass: true };
      }
      if (!setName && msg !== 'isdbgrid') return { message: STANDALONE, mayPass: false };
      if (this.setName !== undefined && setName && setName !== this.setName) {
        const message = `The MongoDB at ${address} is of the replica set ${JSON.stringify(setName)}, and MONGODB_URI says replicaSet=${this.setName}.`;
        return { message, mayPass: false };
      }
    }
    return undefined;
  }

  /** What keeps the connection from coming about for now. */
  private sentenceOf(errors: readonly ConnectionError[]): string {
    const hosts = this.seeds.join(', ');
    const set = [...this.replies.values()].find(({ setName }) => setName)?.setName as string | undefined;
    const unknown = errors.find(({ code }) => UNKNOWN_NAME.has(code));
    if (unknown?.hostname !== undefined) {
      const { hostname } = unknown;
      return this.seeds.some((seed) => seed.replace(/:\d+$/, '') === hostname)
        ? `The name ${hostname} of MONGODB_URI is known to no name server here (${unknown.code}).`
        : `The replica set calls one of its members ${hostname}, a name that is known to no name server here (${unknown.code}). ` +
            'Make the name known, or add directConnection=true to MONGODB_URI to use the one member that it names.';
    }
    if (set !== undefined) return `The replica set ${set} has no primary that can be reached now.`;
    const closed = errors.some(({ message }) => /^connection .* closed$/.test(message));
    if (closed || errors.some(({ code }) => code === 'ECONNRESET')) {
      const advice = this.wantsTls
        ? 'if it does not speak TLS, take that out of MONGODB_URI'
        : 'if it wants TLS, add tls=true to MONGODB_URI';
      return `The database at ${hosts} ends connections as soon as they are opened; ${advice}.`;
    }
    const refused = errors.find(({ code }) => code === 'ECONNREFUSED' || code === 'ENOENT');
    return refused
      ? `The database does not answer: nothing listens at ${hosts} (${refused.code}).`
      : `The database does not answer at ${hosts}: ${errors[0]?.message ?? 'the reason is unknown'}`;
  }
}
