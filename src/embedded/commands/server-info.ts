import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { ensure } from '../errors';
import { toTimestamp } from '../storage/oplog';
import { MAX_DOCUMENT_BYTES } from '../values/codec';
import { doc, int, type Value } from '../values/value';
import { words, type Command } from './invocation';

/** The version of MongoDB whose answers are given. */
const VERSION = '7.0.0';

export const ping: Command = { fields: [], run: () => ({ body: new Map() }) };

export const buildInfo: Command = {
  fields: [],
  run: () => ({
    body: doc({
      version: VERSION,
      gitVersion: 'epochgraph-embedded',
      modules: ['epochgraph-embedded'],
      sysInfo: 'deprecated',
      versionArray: [7, 0, 0, 0].map(int),
      bits: int(64),
      debug: false,
      maxBsonObjectSize: int(MAX_DOCUMENT_BYTES),
      storageEngines: ['lmdb'],
      javascriptEngine: 'none',
      openssl: doc({ running: 'none' }),
    }),
  }),
};

/** There are no users: whoever reaches the socket may do all. */
export const connectionStatus: Command = {
  fields: ['showPrivileges'],
  run: () => ({ body: doc({ authInfo: doc({ authenticatedUsers: [], authenticatedUserRoles: [] }) }) }),
};

/** The only parameters that tools ask for and that mean anything here. */
const PARAMETERS: Record<string, Value> = {
  featureCompatibilityVersion: doc({ version: '7.0' }),
  authenticationMechanisms: [],
};

export const getParameter: Command = {
  fields: [...Object.keys(PARAMETERS), 'allParameters'],
  run({ body }) {
    const all = body.get('getParameter') === '*' || body.get('allParameters') === true;
    const found = Object.entries(PARAMETERS).filter(([name]) => all || body.has(name));
    ensure(found.length > 0, 'InvalidOptions', 'no option found to get');
    return { body: doc(Object.fromEntries(found)) };
  },
};

export const hostInfo: Command = {
  fields: [],
  run: () => ({
    body: doc({
      system: doc({
        currentTime: new Date(),
        hostname: hostname(),
        cpuAddrSize: int(64),
        memSizeMB: BigInt(Math.floor(totalmem() / 2 ** 20)),
        numCores: int(cpus().length),
        cpuArch: arch(),
      }),
      os: doc({ type: platform(), name: platform(), version: release() }),
      extra: new Map(),
    }),
  }),
};

/** The few fields of serverStatus that tools read. */
export const serverStatus: Command = {
  fields: words('repl metrics locks network opcounters connections wiredTiger asserts mirroredReads latchAnalysis'),
  run({ engine }) {
    const uptime = (Date.now() - engine.startedAt.getTime()) / 1000;
    return {
      body: doc({
        host: hostname(),
        version: VERSION,
        process: 'mongod',
        pid: BigInt(process.pid),
        uptime,
        uptimeMillis: BigInt(Math.floor(uptime * 1000)),
        localTime: new Date(),
        connections: doc({ current: int(engine.connections), available: int(0) }),
        mem: doc({ bits: int(64), resident: int(Math.floor(process.memoryUsage().rss / 2 ** 20)), supported: true }),
        metrics: doc({ cursor: doc({ open: doc({ total: BigInt(engine.cursors.size) }) }) }),
        storageEngine: doc({ name: 'lmdb', supportsCommittedReads: true, persistent: true }),
        repl: doc({
          setName: 'epochgraph',
          isWritablePrimary: true,
          lastWrite: doc({ opTime: toTimestamp(engine.committed) }),
        }),
      }),
    };
  },
};
