import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, TestServer } from '../kit/server';

/** The codes of an answer's errors; empty for a success. */
export function codesOf({ errors }: Answer<unknown>): string[] {
  return (errors ?? []).map(({ message, extensions }) =>
    extensions.code === 'INTERNAL_SERVER_ERROR' ? `${extensions.code}: ${message}` : extensions.code,
  );
}

/**
 * Calls until it succeeds, as a trainer does whose tracker is down; the data, and how often it was answered with
 * DATABASE_UNAVAILABLE. Throws at any other error, and where there is no success within two minutes (an unfinished
 * transaction may keep a record locked for one).
 */
export async function insist(
  server: TestServer,
  document: string,
  variables: Record<string, unknown>,
): Promise<{ data: any; outages: number }> {
  const deadline = Date.now() + 120_000;
  for (let outages = 0; ; outages++) {
    const answer = await server.query<any>(document, variables);
    const codes = codesOf(answer);
    if (codes.length === 0) return { data: answer.data, outages };
    const reasons = server.log.filter(({ level }) => (level as number) >= 40).slice(-3);
    if (codes.some((code) => code !== 'DATABASE_UNAVAILABLE')) {
      throw new Error(`Answered with ${codes.join()}: ${JSON.stringify(reasons)}`);
    }
    if (Date.now() > deadline) throw new Error(`No success after ${outages} outages: ${JSON.stringify(reasons)}`);
    await sleep(20);
  }
}
