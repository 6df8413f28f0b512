import type { TypedDocumentString } from './documents';
import { askForToken, authorizationHeaders } from './session';

const ENDPOINT = '/graphql';

/** Why a call came to nothing. `code` is the API's, or UNREACHABLE where no answer came. */
export class ApiFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** Whether the same call may work later as it is. */
  get isPassing(): boolean {
    return ['UNREACHABLE', 'DATABASE_UNAVAILABLE', 'TIMED_OUT'].includes(this.code);
  }
}

/** An error as the API sends it. */
export interface WireError {
  message: string;
  extensions?: { code?: unknown } | undefined;
}

/** The first of the API's errors as a failure. UNAUTHENTICATED also asks the person for a token. */
export function failureOf(errors: readonly WireError[]): ApiFailure {
  const [first] = errors;
  const code = typeof first?.extensions?.code === 'string' ? first.extensions.code : 'INTERNAL_SERVER_ERROR';
  if (code === 'UNAUTHENTICATED') askForToken();
  return new ApiFailure(code, first?.message ?? 'The server gave an error without a message.');
}

/** Runs an operation over HTTP. Rejects with ApiFailure, or with the reason of `signal` when it aborts. */
export async function request<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  let response: Response;
  try {
    response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorizationHeaders() },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure('UNREACHABLE', 'The server does not answer.');
  }
  let answer: { data?: Result | null; errors?: WireError[] };
  try {
    answer = (await response.json()) as typeof answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure('UNREACHABLE', `The answer is not JSON (HTTP ${response.status}); is a proxy in between?`);
  }
  if (answer.errors?.length) throw failureOf(answer.errors);
  if (!answer.data) throw new ApiFailure('INTERNAL_SERVER_ERROR', `The server answered nothing (${response.status}).`);
  return answer.data;
}
