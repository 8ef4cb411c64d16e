import type { Caller } from '@sluice/contracts/access';
import type { Problem } from '@sluice/contracts/errors';
import type { Rejection } from '@sluice/contracts/rejection';
import type { Logger } from '@sluice/runtime/logger';
import { toRedactedHeaders } from './redacted-headers.ts';
import { Refusal, readCause, UNKNOWN_SOURCE } from './refusal.ts';
import type { IncomingHeaders } from './request-parts.ts';
import type { SourceRegistry } from './source-registry.ts';

/** Keeps refused requests, a portion at a time, so that a flood of them costs little and never blocks. */
export type RejectionLog = {
  /** Keeps a refusal; `body` is that of the request unless an item of it was refused. */
  add(request: RefusedRequest, problem: Problem, error: unknown, body?: Buffer): void;
  /** Writes what is waiting and stops. */
  stop(): Promise<void>;
};

type RefusedRequest = {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
  readonly headers: IncomingHeaders;
  readonly body: unknown;
  readonly params: unknown;
  /** Absent when no key was asked for, or none was good. */
  readonly caller?: Caller;
};

/** How often rejections are written, in ms. */
const FLUSH_MS = 1000;

/** How many rejections may wait; further ones are only counted. */
const MAX_WAITING = 1000;

/** How much of a refused body is kept. */
const MAX_BODY_BYTES = 4096;

/** Starts the log of refused requests. A portion that `write` cannot store is dropped, and the log says how many. */
export function startRejectionLog({
  write,
  sources,
  logger,
  now,
}: {
  readonly write: (rejections: readonly Rejection[]) => Promise<void>;
  readonly sources: Pick<SourceRegistry, 'find' | 'credentialHeaders' | 'signatureHeaders'>;
  readonly logger: Logger;
  readonly now: () => number;
}): RejectionLog {
  let waiting: Rejection[] = [];
  let dropped = 0;

  async function flush(): Promise<void> {
    const portion = waiting;
    waiting = [];
    try {
      if (portion.length > 0) await write(portion);
    } catch (error) {
      dropped += portion.length;
      logger.warn({ err: error }, 'rejections.write-failed');
    }
    if (dropped > 0) logger.warn({ dropped }, 'rejections.dropped');
    dropped = 0;
  }

  function toRejection({ request, problem, error, body, at }: Refused): Rejection {
    const cause = readCause(error, problem);
    const named = readNamedSource(request);
    return {
      at,
      tenant:
        (named === null ? undefined : sources.find(named, null)?.tenant) ?? request.caller?.tenant ?? null,
      source: error instanceof Refusal ? error.source : named,
      code: problem.code,
      status: problem.status,
      cause,
      detail: problem.detail,
      requestId: problem.instance,
      method: request.method,
      path: request.url.split('?', 1)[0] ?? '/',
      remote: request.ip,
      headers: toRedactedHeaders(request.headers, {
        isOfUnknownSource: cause === UNKNOWN_SOURCE,
        credentialHeaders: sources.credentialHeaders,
        signatureHeaders: sources.signatureHeaders,
      }),
      // A copy: a part of a large buffer would keep all of it.
      body: Uint8Array.from(body.subarray(0, MAX_BODY_BYTES)),
    };
  }

  const timer = setInterval(() => void flush(), FLUSH_MS);
  return {
    add(request, problem, error, body = toBody(request)) {
      if (waiting.length >= MAX_WAITING) dropped += 1;
      else waiting.push(toRejection({ request, problem, error, body, at: new Date(now()) }));
    },
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}

type Refused = {
  readonly request: RefusedRequest;
  readonly problem: Problem;
  readonly error: unknown;
  readonly body: Buffer;
  readonly at: Date;
};

function toBody({ body }: RefusedRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Returns the source in the path, whether there is such a one or not. */
function readNamedSource({ params }: RefusedRequest): string | null {
  const named = (params as { source?: unknown } | undefined)?.source;
  return typeof named === 'string' ? named : null;
}
