/** Why watching can't go on, as a sentence for the person at the terminal. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
}

/** The GraphQL error as it travels. */
export interface ApiError {
  message: string;
  extensions?: { code?: string };
}

/** The errors as one sentence, each with its code. */
export function describeErrors(errors: readonly ApiError[]): string {
  return errors.map(({ message, extensions }) => `${message} (${extensions?.code ?? 'no code'})`).join('; ');
}

/** Where the API is, and what lets the caller in there. */
export interface Api {
  url: string;
  /** Undefined where the server asks for none. */
  token: string | undefined;
}

/** The header that carries a token over HTTP; over WebSocket, the payload of `connection_init`. */
export function credentials(token: string | undefined): { authorization?: string } {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/**
 * Runs a query over HTTP and gives its `data`. Throws WatchError if the server can't be reached, answers with anything
 * but GraphQL, or answers with errors; what `signal` aborts is thrown as it is.
 */
export async function queryApi<Data>(
  { url, token }: Api,
  query: string,
  variables: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Data> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...credentials(token) };
  const body = JSON.stringify({ query, variables });
  let text: string;
  try {
    text = await (await fetch(url, { method: 'POST', headers, body, signal })).text();
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new WatchError(`No Epochgraph server answers at ${url} (${cause}). Start one with \`npm start\`.`);
  }
  const answer = parseAnswer<Data>(text);
  if (answer?.errors?.length) throw new WatchError(`The server refused: ${describeErrors(answer.errors)}`);
  if (!answer?.data) throw new WatchError(`What answers at ${url} is no GraphQL server.`);
  return answer.data;
}

function parseAnswer<Data>(text: string): { data?: Data; errors?: ApiError[] } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
