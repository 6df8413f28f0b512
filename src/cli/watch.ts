import { watchExperiment } from '../watch';

/** `watch [EXPERIMENT]`: until the experiment ends, or Ctrl-C. */
export async function watchCommand(
  experimentId: string | undefined,
  { url, token }: { url: string; token?: string },
): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  const { stdout } = process;
  await watchExperiment({ url, token, experimentId, out: stdout, isTty: stdout.isTTY, signal: interrupted.signal });
}
