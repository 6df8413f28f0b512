import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The kernel counts in ticks of a hundredth of a second, whatever its own clock is; see proc(5). */
const MS_A_TICK = 10;

/** Processor time that a process took so far, its threads' included, in ms; undefined where the system doesn't tell. */
export function cpuMs(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the process, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_A_TICK;
  } catch {
    return undefined;
  }
}

/** Memory of a process that is not shared with files, in MB; where the system doesn't tell, all that is resident. */
export function memoryMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/RssAnon:\s+(\d+)/.exec(status)![1]) / 1024;
  } catch {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  }
}
