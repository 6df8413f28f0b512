import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { doc, int } from '../values/value';
import type { Command } from './invocation';

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
