import { hostname } from 'node:os';
import { toTimestamp } from '../storage/oplog';
import { doc, int } from '../values/value';
import { VERSION } from './build-info';
import { words, type Command } from './invocation';

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
