import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { mongoError } from '../errors';
import { toTimestamp } from '../storage/oplog';
import { doc, int, type Value } from '../values/value';
import { VERSION } from './hello';
import type { Command } from './invocation';

export const serverStatus: Command = {
  fields: [
    'repl',
    'metrics',
    'locks',
    'network',
    'opcounters',
    'connections',
    'wiredTiger',
    'asserts',
    'mirroredReads',
    'latchAnalysis',
  ],
  run({ engine }) {
    const uptime = (Date.now() - engine.startedAt.getTime()) / 1000;
    const { rss } = process.memoryUsage();
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
        mem: doc({ bits: int(64), resident: int(Math.floor(rss / 2 ** 20)), supported: true }),
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
    if (found.length === 0) throw mongoError('InvalidOptions', 'no option found to get');
    return { body: doc(Object.fromEntries(found)) };
  },
};
