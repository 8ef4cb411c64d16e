import { type BullBoardOptions, registerBullBoard } from '@sluice/queue/bull-board';
import { addRoutesFor, isUnsafe } from '@sluice/runtime/access';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { PROBLEM_MEDIA_TYPE, toProblem } from '@sluice/runtime/problems';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { SIGN_IN_PATH } from '../pages/sign-in.ts';

/** The board brings its own scripts, writes styles, and would fetch fonts from elsewhere, which it may not. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type BoardOptions = BullBoardOptions & { readonly logger: Pick<Logger, 'warn'> };

/**
 * Adds Bull Board at `/admin/queues`. It shows the jobs of all tenants, so it is for keys of the default one: viewers read,
 * operators retry and promote.
 */
export async function addBoard(server: HttpServer, options: BoardOptions): Promise<void> {
  const board: FastifyPluginAsync = async (scope) => {
    addRoutesFor(scope, {
      toAccess: (method) => ({ role: isUnsafe(method) ? 'operator' : 'viewer', scope: 'system' }),
      refuse: (error, request, reply) => refuse(error, request, reply, options.logger),
    });
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, action: toAction(route.url) };
    });
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', POLICY);
      return payload;
    });
    await registerBullBoard(scope, options);
  };
  await server.register(board);
}

/** Names a change for the audit log by the last word of its address: `retryJob`, or `retryJobs` of a whole queue. */
function toAction(url: string): string {
  const verb = url.split('/').findLast((part) => /^[a-z-]+$/.test(part)) ?? 'change';
  return `${verb}${url.includes(':jobId') ? 'Job' : 'Jobs'}`;
}

/** The board's own error handler knows nothing of problems. A person who looks at a page is led to the sign-in. */
function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: BoardOptions['logger'],
): void {
  const { problem, headers } = toProblem(error, request.id);
  const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
  if (problem.status === 401 && isPage) {
    reply.redirect(`${SIGN_IN_PATH}?next=${encodeURIComponent(request.url)}`, 302);
    return;
  }
  if (problem.status >= 500) logger.warn({ requestId: request.id, err: error }, 'request.refused');
  reply
    .code(problem.status)
    .headers(headers)
    .type(PROBLEM_MEDIA_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}
