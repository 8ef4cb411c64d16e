/*
 * The record of every unsafe call.
 *
 *  1. Right before the handler of an unsafe route runs, an entry without an outcome is written. A handler whose entry
 *     could not be written for a reason of ours does not run. A session's is written when it is known whose it is.
 *  2. When the call was answered, the outcome is added. An entry that stays without one says that the process died over
 *     the call, or that MongoDB went away meanwhile.
 *  3. What was refused for who called (403) never reaches a handler; its entry is written with its outcome.
 *  4. While MongoDB is away the entry goes to the log (`audit.unwritten`) and the call goes on: maintenance must be possible
 *     then, and nearly everything else fails by itself.
 *
 * Routes with `audit: false` change nothing: they only try something. What is passed on to ingest are events.
 */
import type { AuditEntry } from '@sluice/contracts/audit';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { isUnsafe } from '@sluice/runtime/access';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { toProblem } from '@sluice/runtime/problems';
import type { AuditLog } from '@sluice/store/audit-log';
import type { FastifyRequest } from 'fastify';
import { toChanges } from './audit-changes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for an unsafe method that changes nothing that concerns an operator. */
    audit?: false;
    /** What the audit log calls the route, where it has no operation id. */
    action?: string;
  }
}

/** Who did what, and what came of it, where the hook cannot know. */
export type AuditRecord = Pick<AuditEntry, 'tenant' | 'actor' | 'action' | 'status' | 'code'>;

/** Writes entries that the hook does not write by itself, because it does not know who calls. */
export type Auditor = {
  /**
   * Writes an entry before the call takes effect; the hook adds the outcome when it was answered. While MongoDB is away,
   * to the log.
   */
  begin(request: FastifyRequest, record: Pick<AuditRecord, 'tenant' | 'actor' | 'action'>): Promise<void>;
  /** Writes an entry; while MongoDB is away, to the log. */
  record(request: FastifyRequest, record: AuditRecord): Promise<void>;
};

export type AuditingOptions = {
  readonly auditLog: Pick<AuditLog, 'insert' | 'complete'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: () => number;
};

/** Records every unsafe call to the routes that are added from now on. */
export function addAuditing(server: HttpServer, { auditLog, logger, now }: AuditingOptions): Auditor {
  const written = new WeakMap<FastifyRequest, string>();
  const reached = new WeakSet<FastifyRequest>();
  const codes = new WeakMap<FastifyRequest, string>();

  server.addHook('preHandler', async (request) => {
    if (!isAudited(request)) return;
    await begin(request, toEntry(request, null, null));
    reached.add(request);
  });
  server.addHook('onError', async (request, _reply, error) => {
    if (isUnsafe(request.method)) codes.set(request, toProblem(error, request.id).problem.code);
  });
  server.addHook('onResponse', async (request, { statusCode: status }) => {
    const code = codes.get(request) ?? null;
    const id = written.get(request);
    if (id !== undefined) await complete(id, { status, code });
    else if (status === 403 && !reached.has(request) && isAudited(request)) {
      await insert(toEntry(request, status, code));
    }
  });

  async function begin(request: FastifyRequest, entry: AuditEntry): Promise<void> {
    const id = await insert(entry);
    if (id !== null) written.set(request, id);
  }

  async function insert(entry: AuditEntry): Promise<string | null> {
    try {
      return await auditLog.insert(entry);
    } catch (err) {
      if (!(err instanceof DependencyAwayError)) throw err;
      logger.warn({ err, audit: entry }, 'audit.unwritten');
      return null;
    }
  }

  async function complete(id: string, outcome: { status: number; code: string | null }): Promise<void> {
    // The answer is out: nobody but the log can be told.
    await auditLog.complete(id, outcome).catch((err: unknown) => {
      logger.warn({ err, audit: { id, ...outcome } }, 'audit.outcome-unwritten');
    });
  }

  function toEntry(request: FastifyRequest, status: number | null, code: string | null): AuditEntry {
    const { tenant, keyId, name, role } = request.caller;
    const { config, schema, url } = request.routeOptions;
    const action = schema?.operationId ?? config.action ?? `${request.method} ${url ?? ''}`;
    const actor = { keyId, name, role };
    return { ...toParts(request, now()), tenant, actor, action, status, code };
  }

  return {
    begin: (request, record) =>
      begin(request, { ...toParts(request, now()), ...record, status: null, code: null }),
    async record(request, record) {
      await insert({ ...toParts(request, now()), ...record });
    },
  };
}

/** Routes for anybody know no caller; the session's own record what they do. */
function isAudited({ method, is404, routeOptions: { config } }: FastifyRequest): boolean {
  const { role = 'anybody', audit } = config;
  return isUnsafe(method) && !is404 && audit !== false && role !== 'anybody';
}

function toParts(request: FastifyRequest, nowMs: number) {
  const { body, id: requestId, ip: remote, method, params, url } = request;
  const given = Object.entries(typeof params === 'object' && params !== null ? params : {});
  return {
    at: new Date(nowMs),
    method,
    path: (url.split('?', 1)[0] ?? '/').slice(0, 1024),
    params: Object.fromEntries(given.map(([name, value]) => [name, String(value).slice(0, 256)])),
    changes: toChanges(body),
    reason: readReason(body),
    requestId,
    remote,
  };
}

function readReason(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return null;
  return typeof body.reason === 'string' ? body.reason.slice(0, 1024) : null;
}
