import { ERRORS, type ErrorCode } from '@sluice/contracts/errors';
import { z } from 'zod';
import { CliError, toSentence } from './cli-error.ts';
import { EXIT, toExitCode } from './exit-codes.ts';
import { MENDS } from './mends.ts';

/** What is asked of the api. */
export type ApiRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** How long to wait for the answer; 15 s by default. */
  readonly timeoutMs?: number;
};

/** An answer that was checked, with its headers. */
export type ApiAnswer<Value> = { readonly value: Value; readonly headers: Headers };

/** The api as the commands use it; every answer is checked against the contract. */
export type ApiClient = {
  readonly url: string;
  readonly hasKey: boolean;
  /**
   * Asks, and returns what a good answer says.
   *
   * @throws ApiError when the answer is a refusal; CliError when there is none
   */
  ask<Schema extends z.ZodType>(request: ApiRequest, schema: Schema): Promise<ApiAnswer<z.output<Schema>>>;
  /**
   * Asks, and returns the answer whatever its status, its body unread.
   *
   * @throws CliError when there is none
   */
  open(request: ApiRequest & { readonly signal?: AbortSignal }): Promise<Response>;
};

/** A refusal of the api. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(toExitCode(status), message);
    this.status = status;
    this.code = code;
  }
}

const ANSWER_TIMEOUT_MS = 15_000;

/** A problem (RFC 9457), as far as it is shown. */
const problemSchema = z.looseObject({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** Creates a client of the api at `url`, whose requests end with `signal`. */
export function createApiClient({
  url,
  key,
  signal,
}: {
  readonly url: string;
  readonly key: string | undefined;
  readonly signal: AbortSignal;
}): ApiClient {
  const hasKey = key !== undefined;
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };

  async function open(request: ApiRequest & { readonly signal?: AbortSignal }): Promise<Response> {
    const { method = 'GET', path, query, headers, body } = request;
    const address = new URL(`${url.replace(/\/+$/, '')}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) address.searchParams.set(name, value);
    }
    try {
      return await fetch(address, {
        method,
        headers: { accept: 'application/json', ...authorization, ...headers },
        redirect: 'error',
        signal: AbortSignal.any([signal, ...(request.signal === undefined ? [] : [request.signal])]),
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw toUnreachable(url, error);
    }
  }

  async function ask<Schema extends z.ZodType>(
    request: ApiRequest,
    schema: Schema,
  ): Promise<ApiAnswer<z.output<Schema>>> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? ANSWER_TIMEOUT_MS);
    const response = await open({ ...request, signal: timeout });
    const text = await readText(response, url, signal);
    if (!response.ok) throw toApiError(response.status, text, hasKey);
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw notSluice(url, `its answer to ${request.path} is another than was agreed`);
    return { value: parsed.data, headers: response.headers };
  }

  return { url, hasKey, ask, open };
}

/** Reads the body of an answer. @throws CliError when it breaks off */
export async function readText(response: Response, url: string, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    signal.throwIfAborted();
    throw toUnreachable(url, error);
  }
}

/** Makes the error of an answer that is a refusal. */
export function toApiError(status: number, text: string, hasKey: boolean): ApiError {
  const problem = problemSchema.safeParse(parseJson(text));
  if (!problem.success) {
    return new ApiError(
      status,
      `The api answered ${status} without saying why; is --url the address of Sluice?`,
    );
  }
  const { code, detail, errors = [] } = problem.data;
  const more =
    errors.length > 1 ? errors.map((error) => `\n  ${error.pointer} ${error.detail}`).join('') : '';
  return new ApiError(status, `${toRefusal(code, detail, hasKey)}${more}`, code);
}

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says what was refused and what mends it, for a person at a command line. */
export function toRefusal(code: string, detail: string, hasKey: boolean): string {
  const known = isErrorCode(code) ? ERRORS[code] : undefined;
  if (known === undefined || detail !== known.mend) {
    // Where `detail` says what is not there, the general advice to check the address would mislead.
    const mend = code === 'ERR_NOT_FOUND' ? '' : toMend(code, hasKey);
    return `${toSentence(detail)} ${mend}`.trim();
  }
  // An answer that had nothing to add gives the remedy of the table as its detail.
  return `${known.title} ${toMend(code, hasKey)}`.trim();
}

/** Says what mends a refusal; nothing where what was refused says all. */
function toMend(code: string, hasKey: boolean): string {
  if (code === 'ERR_UNAUTHENTICATED') {
    return `${hasKey ? 'Ask an admin for another one, and give it' : 'Give a key'} by SLUICE_API_KEY or --key-file.`;
  }
  return isErrorCode(code) ? (MENDS[code] ?? ERRORS[code].mend) : '';
}

/** Tells whether this build knows a code. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

function toUnreachable(url: string, error: unknown): CliError {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const inner: unknown = cause ?? error;
  if (inner instanceof Error && inner.message.includes('redirect')) {
    return notSluice(url, 'it answers with a redirect');
  }
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : undefined;
  const reason = isLate
    ? 'no answer in time'
    : (code ?? (inner instanceof Error ? inner.message : String(inner)));
  return new CliError(
    EXIT.unreachable,
    `${url} cannot be reached (${reason}): start Sluice, or name its address by --url or SLUICE_URL.`,
    { cause: error },
  );
}

function notSluice(url: string, why: string): CliError {
  return new CliError(
    EXIT.unreachable,
    `${url} does not answer as Sluice does (${why}): check --url, and that both are of the same version.`,
  );
}
