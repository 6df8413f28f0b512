import { watchExperiment } from '../watch';

/** `watch [EXPERIMENT]`: until the experiment ends, or Ctrl-C. */
export async function watchCommand(experimentId: string | undefined, { url }: { url: string }): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  const { stdout } = process;
  await watchExperiment({ url, experimentId, out: stdout, isTty: stdout.isTTY, signal: interrupted.signal });
}
