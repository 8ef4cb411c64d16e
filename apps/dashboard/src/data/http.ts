import type { Problem } from '@sluice/contracts/errors';

/** Why a request failed, in a form that a person can be told: always a sentence, with evidence where there is any. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly code: Problem['code'] | null;
  readonly requestId: string | null;
  readonly errors: NonNullable<Problem['errors']>;

  constructor(
    message: string,
    evidence: {
      readonly status: number;
      readonly code?: Problem['code'] | null;
      readonly requestId?: string | null;
      readonly errors?: Problem['errors'];
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: evidence.cause });
    this.status = evidence.status;
    this.code = evidence.code ?? null;
    this.requestId = evidence.requestId ?? null;
    this.errors = evidence.errors ?? [];
  }
}

/** The values that a query can have; what is undefined, null or empty is left out. */
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes a path with its query. */
export function toUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** How long the api may take: it promises an answer within 3 s. */
const PATIENCE_MS = 10_000;

/** What is said of a request that got no answer, by what it was for: only what is read is asked for again by itself. */
const UNANSWERED = {
  read: 'The api did not answer. It is tried again by itself.',
  dryRun: 'The api did not answer. Nothing was changed.',
  write: 'The api did not answer. It is not known whether this was done: look before you do it again.',
} as const;

type Asked = {
  readonly purpose: keyof typeof UNANSWERED;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly json?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Reads JSON from the api. @throws Failure */
export function read<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>({ purpose: 'read', method: 'GET', url: toUrl(path, query), signal });
}

/** Reads bytes from the api as the text that they are. @throws Failure */
export async function readText(path: string, query?: Query, signal?: AbortSignal): Promise<string> {
  const response = await fetchAnswer({ purpose: 'read', method: 'GET', url: toUrl(path, query), signal });
  return response.text();
}

/** Sends JSON to the api. @throws Failure */
export function send<Answer>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  return ask<Answer>({ purpose: 'write', method, url: path, json });
}

/** Sends JSON as a person wrote it: parsed and written again, large numbers would be others. @throws Failure */
export function sendWritten<Answer>(method: 'POST', path: string, json: string): Promise<Answer> {
  return ask<Answer>({ purpose: 'write', method, url: path, json });
}

/** Asks, with JSON as it is written, what something would do; nothing is done. @throws Failure */
export function sendDryRun<Answer>(path: string, json: string): Promise<Answer> {
  return ask<Answer>({ purpose: 'dryRun', method: 'POST', url: path, json });
}

async function ask<Answer>(asked: Asked): Promise<Answer> {
  const response = await fetchAnswer(asked);
  if (response.status === 204) return undefined as Answer;
  return (await response.json()) as Answer;
}

async function fetchAnswer({ purpose, method, url, json, signal }: Asked): Promise<Response> {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      credentials: 'same-origin',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(json === undefined ? {} : { body: json, headers: { 'content-type': 'application/json' } }),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new Failure(UNANSWERED[purpose], { status: 0, cause });
  }
  if (!response.ok) throw await toFailure(response);
  return response;
}

async function toFailure(response: Response): Promise<Failure> {
  const { status } = response;
  const requestId = response.headers.get('x-request-id');
  try {
    const problem = (await response.json()) as Problem;
    const { code, detail, errors } = problem;
    return new Failure(detail, { status, code, requestId, ...(errors === undefined ? {} : { errors }) });
  } catch (cause) {
    return new Failure(`The api answered ${status} without saying why.`, { status, requestId, cause });
  }
}
