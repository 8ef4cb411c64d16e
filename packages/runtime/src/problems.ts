import {
  ERRORS,
  type Problem,
  type ProblemCode,
  type ProblemError,
  ProblemException,
  toStatus,
} from '@sluice/contracts/errors';
import { isJsonObject } from '@sluice/contracts/json';
import { findNear } from '@sluice/contracts/near';
import { toPlainIssue } from '@sluice/contracts/plain-issue';
import { DependencyAwayError } from '@sluice/contracts/unavailable';

/** The media type of every error answer (RFC 9457). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** How long a sender is asked to wait when the error names no time, in seconds. */
const RETRY_AFTER_SECONDS = 2;

/** A day: nobody waits for longer, and a limit that lets nothing pass would name no number at all. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** A problem with the headers that belong to it. */
export type ProblemAnswer = {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * Translates any error into a problem; the only place where that is done for HTTP. What is not known becomes
 * ERR_INTERNAL, which tells nothing of the error but the request id. Where an error has nothing to add to its title, its
 * `detail` is what the table says to do. `parameters` are those that the route's query may have, for `did you mean`.
 */
export function toProblem(
  error: unknown,
  requestId: string,
  parameters: readonly string[] = [],
): ProblemAnswer {
  const known = error instanceof ProblemException ? error : toProblemException(error, parameters);
  const { code } = known;
  const problem: Problem = {
    type: `/docs/errors#${code}`,
    title: ERRORS[code].title,
    status: toStatus(code),
    code,
    detail: toShownDetail(known),
    instance: requestId,
    ...(known.errors === undefined ? {} : { errors: known.errors }),
  };
  return { problem, headers: toHeaders(known) };
}

/** A remedy that speaks of `detail`, or of `errors` where there are none, would lead nowhere. */
function toShownDetail({ code, message, errors }: ProblemException): string {
  const { title, mend } = ERRORS[code];
  const leadsNowhere = mend.includes('`detail`') || (errors === undefined && mend.includes('`errors`'));
  return message === title && !leadsNowhere ? mend : message;
}

function toRetryAfter(seconds: number): string {
  return String(Math.ceil(Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_SECONDS)));
}

function toHeaders({ code, retryAfterSeconds }: ProblemException): Record<string, string> {
  const waits = code === 'ERR_UNAVAILABLE' || code === 'ERR_SOURCE_UNREADABLE' || code === 'ERR_RATE_LIMITED';
  const seconds = retryAfterSeconds ?? (waits ? RETRY_AFTER_SECONDS : undefined);
  return {
    ...(seconds === undefined ? {} : { 'retry-after': toRetryAfter(seconds) }),
    ...(code === 'ERR_UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer realm="sluice"' } : {}),
  };
}

/** The codes of Fastify that say more than their status. */
const FASTIFY_CODES: Readonly<Record<string, readonly [ProblemCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['ERR_BODY_TOO_LARGE'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['ERR_MEDIA_TYPE'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['ERR_BODY_EMPTY'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['ERR_JSON_INVALID'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'ERR_REQUEST_MALFORMED',
    'The body is not as long as Content-Length says.',
  ],
  FST_ERR_BAD_URL: ['ERR_REQUEST_MALFORMED', 'The address is not valid percent-encoded UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['ERR_NOT_FOUND'],
  FST_ERR_NOT_FOUND: ['ERR_NOT_FOUND'],
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: ['ERR_MEDIA_TYPE'],
};

/** What a status means that Fastify or one of its plugins chose. */
const STATUS_CODES: Readonly<Record<number, ProblemCode>> = {
  401: 'ERR_UNAUTHENTICATED',
  403: 'ERR_FORBIDDEN',
  404: 'ERR_NOT_FOUND',
  405: 'ERR_METHOD_NOT_ALLOWED',
  408: 'ERR_REQUEST_TIMEOUT',
  413: 'ERR_BODY_TOO_LARGE',
  415: 'ERR_MEDIA_TYPE',
  429: 'ERR_RATE_LIMITED',
  431: 'ERR_HEADERS_TOO_LARGE',
  502: 'ERR_UNAVAILABLE',
  503: 'ERR_UNAVAILABLE',
  504: 'ERR_UNAVAILABLE',
};

const VALIDATED_PARTS: Readonly<Record<string, ProblemCode>> = {
  body: 'ERR_BODY_INVALID',
  querystring: 'ERR_QUERY_INVALID',
  headers: 'ERR_HEADER_INVALID',
  // An id that cannot exist names nothing.
  params: 'ERR_NOT_FOUND',
};

const STORE_NAMES = { redis: 'Redis', mongodb: 'MongoDB' } as const;

/** The parts of a Fastify error that are read here; the error itself may be anything. */
type ForeignError = Error & {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly expose?: unknown;
  readonly validation?: unknown;
  readonly validationContext?: unknown;
};

function toProblemException(error: unknown, parameters: readonly string[]): ProblemException {
  if (error instanceof DependencyAwayError) {
    return new ProblemException('ERR_UNAVAILABLE', `${STORE_NAMES[error.dependency]} is away.`, {
      cause: error,
    });
  }
  if (!(error instanceof Error)) return new ProblemException('ERR_INTERNAL', undefined, { cause: error });
  const { code, statusCode, expose, validation, validationContext }: ForeignError = error;
  if (Array.isArray(validation)) {
    const invalid = VALIDATED_PARTS[String(validationContext)] ?? 'ERR_BODY_INVALID';
    const known = validationContext === 'querystring' ? parameters : [];
    const errors = validation.flatMap((issue) => toProblemErrors(issue, known));
    return new ProblemException(invalid, toDetail(errors), { errors, cause: error });
  }
  if (typeof code === 'string' && code in FASTIFY_CODES) {
    const [mapped, detail] = FASTIFY_CODES[code] ?? ['ERR_INTERNAL'];
    return new ProblemException(mapped, detail, { cause: error });
  }
  if (code === 'ECONNRESET' && statusCode === 400) {
    return new ProblemException('ERR_REQUEST_MALFORMED', 'The connection closed before the body ended.', {
      cause: error,
    });
  }
  if (isOfProxy(code, statusCode)) {
    return new ProblemException('ERR_UNAVAILABLE', 'The app that serves this address is away.', {
      cause: error,
    });
  }
  // Any library may put a status on its errors; only Fastify and http-errors speak of this request.
  const ofThisRequest = expose === true || (typeof code === 'string' && code.startsWith('FST_'));
  if (ofThisRequest && typeof statusCode === 'number') {
    const mapped = STATUS_CODES[statusCode] ?? (statusCode < 500 ? 'ERR_REQUEST_MALFORMED' : 'ERR_INTERNAL');
    return new ProblemException(mapped, undefined, { cause: error });
  }
  return new ProblemException('ERR_INTERNAL', undefined, { cause: error });
}

/** Tells an error of @fastify/reply-from, which has a status of its own for each way an app can be away. */
function isOfProxy(code: unknown, statusCode: unknown): boolean {
  if (typeof code !== 'string' || typeof statusCode !== 'number') return false;
  return /^(FST_REPLY_FROM_|UND_ERR_)/.test(code) || (code === 'ECONNRESET' && statusCode >= 500);
}

/** Reads one validation issue as Fastify (and fastify-type-provider-zod) puts it. */
function toProblemErrors(issue: unknown, known: readonly string[]): ProblemError[] {
  if (!isJsonObject(issue)) return [];
  const { instancePath, message, params } = issue;
  const pointer = typeof instancePath === 'string' && instancePath !== '/' ? instancePath : '';
  const keys = isJsonObject(params) ? params['keys'] : undefined;
  if (Array.isArray(keys)) {
    return keys.map(String).map((key) => {
      const meant = findNear(key, known);
      const detail = meant === undefined ? 'unknown' : `unknown; did you mean ${meant}?`;
      return { pointer: `${pointer}/${escapePointer(key)}`, detail };
    });
  }
  return [{ pointer, detail: typeof message === 'string' ? toPlainIssue(message) : 'not valid' }];
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function toDetail(errors: readonly ProblemError[]): string | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const text = `${first.pointer === '' ? '' : `${first.pointer.slice(1)}: `}${first.detail}${more}`;
  return text.endsWith('?') ? text : `${text}.`;
}
