import type { Problem } from '@sluice/contracts/errors';
import type { Rejection } from '@sluice/contracts/rejection';
import type { Logger } from '@sluice/runtime/logger';
import { isCredentialHeader } from './request-parts.ts';

/** Keeps refused requests, a portion at a time, so that a flood of them costs little and never blocks. */
export type RejectionLog = {
  add(request: RefusedRequest, problem: Problem, error: unknown): void;
  /** Writes what is waiting and stops. */
  stop(): Promise<void>;
};

type RefusedRequest = {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
  readonly params: unknown;
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
  logger,
  now,
}: {
  readonly write: (rejections: readonly Rejection[]) => Promise<void>;
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

  const timer = setInterval(() => void flush(), FLUSH_MS);
  return {
    add(request, problem, error) {
      if (waiting.length >= MAX_WAITING) dropped += 1;
      else waiting.push(toRejection(request, problem, error, new Date(now())));
    },
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}

function toRejection(request: RefusedRequest, problem: Problem, error: unknown, at: Date): Rejection {
  const source = (request.params as { source?: unknown } | undefined)?.source;
  const cause = error instanceof Error && typeof error.cause === 'string' ? error.cause : problem.code;
  const body = Buffer.isBuffer(request.body) ? request.body.subarray(0, MAX_BODY_BYTES) : Buffer.alloc(0);
  return {
    at,
    source: typeof source === 'string' ? source : null,
    code: problem.code,
    status: problem.status,
    cause,
    detail: problem.detail,
    requestId: problem.instance,
    method: request.method,
    path: request.url.split('?', 1)[0] ?? '/',
    remote: request.ip,
    headers: toRedacted(request.headers),
    body: new Uint8Array(body),
  };
}

function toRedacted(headers: RefusedRequest['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    // A signature that was refused may be right for other bytes, or for a source that is declared later.
    const hidden = isCredentialHeader(name) || name.includes('signature');
    kept[name] = hidden ? '***' : String(value).slice(0, 1024);
  }
  return kept;
}
