import { mayActAs, type Role } from '@sluice/contracts/access';
import { type BullBoardOptions, isAllowedChange, registerBullBoard } from '@sluice/queue/bull-board';
import { addRoutesFor } from '@sluice/runtime/access';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { Logger } from '@sluice/runtime/logger';
import { PROBLEM_MEDIA_TYPE, toProblem } from '@sluice/runtime/problems';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { createRefusedPage } from '../pages/refused.ts';
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

export type BoardOptions = Pick<BullBoardOptions, 'redisUrl' | 'prefix'> & {
  readonly logger: Pick<Logger, 'warn' | 'error'>;
};

/** Who retries and promotes. */
const OPERATES: Role = 'operator';

/**
 * Adds Bull Board at `/admin/queues`. It shows the jobs of all tenants, so it is for keys of the default one: viewers read,
 * operators retry and promote. Whatever else would change something is 405 for both.
 */
export async function addBoard(server: HttpServer, options: BoardOptions): Promise<void> {
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    answerError(error, request, reply, options.logger);
  const board: FastifyPluginAsync = async (scope) => {
    addRoutesFor(scope, {
      toAccess: (method, url) => ({
        role: isAllowedChange(method, url) ? OPERATES : 'viewer',
        scope: 'system',
      }),
      refuse: answer,
    });
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, action: toAction(route.url) };
    });
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', POLICY);
      return payload;
    });
    await registerBullBoard(scope, {
      ...options,
      mayOperate: ({ caller }) => mayActAs(caller.role, OPERATES),
      answerError: answer,
    });
  };
  await server.register(board);
}

/** Names a change for the audit log by the last word of its address: `retryJob`, or `retryJobs` of a whole queue. */
function toAction(url: string): string {
  const verb = url.split('/').findLast((part) => /^[a-z-]+$/.test(part)) ?? 'change';
  return `${verb}${url.includes(':jobId') ? 'Job' : 'Jobs'}`;
}

/**
 * Answers as everywhere else, with a page for a person who looks at one. The board's script tells a person only what
 * stands in `error` and `message`; an answer without them it takes for success.
 */
function answerError(
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
  const line = { requestId: request.id, method: request.method, route: request.routeOptions.url, err: error };
  if (problem.code === 'ERR_INTERNAL') logger.error(line, 'request.failed');
  else if (problem.status >= 500) logger.warn(line, 'request.refused');
  reply.code(problem.status).headers(headers);
  if (isPage) {
    reply.type('text/html; charset=utf-8').send(createRefusedPage(problem).html);
    return;
  }
  const { title, detail } = problem;
  const told = { error: title, ...(detail === title ? {} : { message: detail }) };
  reply.type(PROBLEM_MEDIA_TYPE).send(Buffer.from(JSON.stringify({ ...problem, ...told })));
}
