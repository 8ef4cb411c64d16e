/*
 * Fetches one page from a source that is not to be trusted.
 *
 * Built on node:http, because the built-in fetch takes no look-up function: the address must be checked that is
 * connected to, not one that was looked up before. Nothing is reused between requests, no proxy of the environment
 * is used, and compressed answers are not taken, so that the size limit counts what is held in memory.
 */
import type { lookup as lookUpName } from 'node:dns';
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { AddressRefusedError, checkLiteralHost, createGuardedLookup } from './address-guard.ts';
import { readWaitMs } from './retry-after.ts';

/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A slower answer is left, long before the deadline: a byte a second holds nobody up. */
const MIN_WINDOW_BYTES = 512;
const RATE_WINDOW_MS = 5000;

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Why no answer was had. */
export type FetchFailure =
  | 'address-refused'
  | 'unreachable'
  | 'timeout'
  | 'truncated'
  | 'too-large'
  | 'unreadable'
  | 'redirect';

/** Thrown when a source gives no answer that can be read; the message holds no credentials. */
export class FetchPageError extends Error {
  override readonly name = 'FetchPageError';
  readonly failure: FetchFailure;

  constructor(failure: FetchFailure, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.failure = failure;
  }
}

/**
 * What a source answered: a page, nothing (204 or 304), or a refusal. `waitMs` is how long it asks us to wait before
 * the next request, `dateMs` the time its `Date` header shows; null where it says nothing.
 */
export type FetchedPage = {
  readonly status: number;
  readonly waitMs: number | null;
  readonly dateMs: number | null;
} & (
  | {
      readonly kind: 'page';
      readonly text: string;
      /** False when nothing but the end of the connection told where the answer ends. */
      readonly isWhole: boolean;
      /** The Link header. */
      readonly link: string | undefined;
    }
  | { readonly kind: 'empty' | 'refused' }
);

/** How to fetch; `timeoutMs` covers everything from the first look-up to the last byte, redirects included. */
export type FetchOptions = {
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
  /** The fewest bytes that an answer must bring in each `rateWindowMs` (5,000) once it has begun; 512 by default. */
  readonly minWindowBytes?: number;
  readonly rateWindowMs?: number;
  /** Resolves names; that of node:dns by default. */
  readonly lookup?: typeof lookUpName;
  /** Ends the request early, when the process is closing. */
  readonly signal?: AbortSignal;
};

/**
 * Fetches a page.
 *
 * @throws FetchPageError when the address is refused, the source does not answer in time, breaks off, sends more
 * than `maxBytes` (default 16 MiB), something unreadable, or redirects more than 3 times or to an address that is
 * refused
 */
export async function fetchPage(url: URL, options: FetchOptions): Promise<FetchedPage> {
  // Not AbortSignal.timeout: inside AbortSignal.any nothing holds it, so it may be collected and never fire.
  const late = new AbortController();
  const end = () => late.abort(new DOMException('The source did not answer in time.', 'TimeoutError'));
  const timer = setTimeout(end, options.timeoutMs);
  const given = options.signal === undefined ? [] : [options.signal];
  try {
    return await followPage(url, options, AbortSignal.any([late.signal, ...given]));
  } finally {
    clearTimeout(timer);
  }
}

async function followPage(url: URL, options: FetchOptions, signal: AbortSignal): Promise<FetchedPage> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    // What is allowed by name is allowed for that name and port alone, not for where it points to.
    const allowPrivate = options.allowPrivate && target.host === url.host;
    const headers = target.origin === url.origin ? options.headers : undefined;
    const message = await send(target, { headers, allowPrivate, lookup: options.lookup, signal });
    const { statusCode = 0 } = message;
    const { location } = message.headers;
    if (!REDIRECTS.has(statusCode) || location === undefined) {
      return await readPage(message, { ...toLimits(options), url: target, signal });
    }
    message.destroy();
    target = toRedirect(target, location);
  }
  throw new FetchPageError('redirect', `${toName(url)} redirects more than ${MAX_REDIRECTS} times.`);
}

async function send(
  url: URL,
  {
    headers,
    allowPrivate,
    lookup,
    signal,
  }: {
    readonly headers: Readonly<Record<string, string>> | undefined;
    readonly allowPrivate: boolean;
    readonly lookup: typeof lookUpName | undefined;
    readonly signal: AbortSignal;
  },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  try {
    checkLiteralHost(url, allowPrivate);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    request(url, {
      agent: false,
      lookup: createGuardedLookup(allowPrivate, lookup),
      signal,
      headers: {
        'user-agent': 'sluice',
        accept: 'application/json, */*;q=0.1',
        'accept-encoding': 'identity',
        ...headers,
      },
    })
      .on('response', resolve)
      .on('error', reject)
      .end();
    return await promise;
  } catch (error) {
    throw toFailure(error, url, signal);
  }
}

type Limits = Required<Pick<FetchOptions, 'maxBytes' | 'minWindowBytes' | 'rateWindowMs'>>;
type Answering = Limits & { readonly url: URL };

function toLimits(options: FetchOptions): Limits {
  return {
    maxBytes: options.maxBytes ?? MAX_ANSWER_BYTES,
    minWindowBytes: options.minWindowBytes ?? MIN_WINDOW_BYTES,
    rateWindowMs: options.rateWindowMs ?? RATE_WINDOW_MS,
  };
}

async function readPage(
  message: IncomingMessage,
  answer: Answering & { readonly signal: AbortSignal },
): Promise<FetchedPage> {
  const { url, signal } = answer;
  const { statusCode: status = 0, headers } = message;
  const dateMs = Date.parse(headers.date ?? '');
  const facts = {
    status,
    waitMs: readWaitMs(headers, Date.now()),
    dateMs: Number.isNaN(dateMs) ? null : dateMs,
  };
  if (status === 204 || status === 304 || status < 200 || status > 299) {
    message.destroy();
    return { ...facts, kind: status === 204 || status === 304 ? 'empty' : 'refused' };
  }
  try {
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      throw new FetchPageError(
        'unreadable',
        `${toName(url)} answers with Content-Encoding ${encoding} unasked.`,
      );
    }
    const bytes = await readBytes(message, answer);
    return {
      ...facts,
      kind: 'page',
      text: decode(bytes, headers['content-type'], url),
      isWhole: tellsItsEnd(headers),
      link: [headers['link'] ?? []].flat().join(', ') || undefined,
    };
  } catch (error) {
    throw toFailure(error, url, signal);
  } finally {
    message.destroy();
  }
}

/** With a length, or in chunks, an answer that broke off is noticed; else it ends with the connection (RFC 9112, 6.3). */
function tellsItsEnd(headers: IncomingHttpHeaders): boolean {
  return (
    headers['content-length'] !== undefined ||
    /(?:^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
  );
}

async function readBytes(message: IncomingMessage, answer: Answering): Promise<Buffer> {
  const { url, maxBytes, minWindowBytes, rateWindowMs } = answer;
  const tooLarge = () =>
    new FetchPageError('too-large', `${toName(url)} answers with more than ${maxBytes} bytes.`);
  if (Number(message.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  let lengthBefore = 0;
  let watch: NodeJS.Timeout | undefined;
  const assertRate = () => {
    if (length - lengthBefore >= minWindowBytes) lengthBefore = length;
    else message.destroy(new FetchPageError('timeout', `${toName(url)} answers too slowly.`));
  };
  try {
    for await (const chunk of message) {
      // A source may think before its first byte as long as the deadline lets it.
      watch ??= setInterval(assertRate, rateWindowMs);
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } finally {
    clearInterval(watch);
  }
  if (!message.complete) throw new FetchPageError('truncated', `${toName(url)} broke off in its answer.`);
  return Buffer.concat(chunks, length);
}

/** Decodes by the charset that the media type names, else UTF-8; the media type itself does not matter. */
function decode(bytes: Buffer, contentType: string | undefined, url: URL): string {
  const [, charset = 'utf-8'] = /charset="?([\w:.-]+)"?/i.exec(contentType ?? '') ?? [];
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FetchPageError('unreadable', `${toName(url)} answers with bytes that are not ${charset}.`, {
      cause: error,
    });
  }
}

function toRedirect(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const downgraded = from.protocol === 'https:' && target?.protocol === 'http:';
  if (target === undefined || !/^https?:$/.test(target.protocol) || downgraded) {
    throw new FetchPageError('redirect', `${toName(from)} redirects to an address that is not followed.`);
  }
  return target;
}

function toFailure(error: unknown, url: URL, signal: AbortSignal): FetchPageError {
  if (error instanceof FetchPageError) return error;
  if (error instanceof AddressRefusedError) {
    return new FetchPageError('address-refused', error.message, { cause: error });
  }
  if (signal.aborted) {
    const late = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
    const detail = late ? 'did not answer in time' : 'was left, because the process is closing';
    return new FetchPageError('timeout', `${toName(url)} ${detail}.`, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const brokeOff = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
  return new FetchPageError(
    brokeOff ? 'truncated' : 'unreachable',
    `${toName(url)} ${brokeOff ? 'broke off the connection' : 'cannot be reached'} (${code}).`,
    { cause: error },
  );
}

/** Names a source's address without credentials and query, either of which may hold a secret. */
function toName(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
