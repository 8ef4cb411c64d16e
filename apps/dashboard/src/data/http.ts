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

/** Reads JSON from the api. @throws Failure */
export function read<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>('GET', toUrl(path, query), undefined, signal);
}

/** Reads bytes from the api as the text that they are. @throws Failure */
export async function readText(path: string, query?: Query, signal?: AbortSignal): Promise<string> {
  const response = await fetchAnswer('GET', toUrl(path, query), undefined, signal);
  return response.text();
}

/** Sends JSON to the api. @throws Failure */
export function send<Answer>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  return ask<Answer>(method, path, body === undefined ? undefined : JSON.stringify(body));
}

/** Sends JSON as a person wrote it: parsed and written again, large numbers would be others. @throws Failure */
export function sendWritten<Answer>(method: 'POST', path: string, json: string): Promise<Answer> {
  return ask<Answer>(method, path, json);
}

async function ask<Answer>(
  method: string,
  url: string,
  json?: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await fetchAnswer(method, url, json, signal);
  if (response.status === 204) return undefined as Answer;
  return (await response.json()) as Answer;
}

async function fetchAnswer(
  method: string,
  url: string,
  json?: string,
  signal?: AbortSignal,
): Promise<Response> {
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
    throw new Failure('The api did not answer. It is tried again by itself.', { status: 0, cause });
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
