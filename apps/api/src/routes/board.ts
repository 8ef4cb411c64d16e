import { type BullBoardOptions, registerBullBoard } from '@sluice/queue/bull-board';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { FastifyPluginAsync } from 'fastify';

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

/** Adds Bull Board at `/admin/queues`. */
export async function addBoard(server: HttpServer, options: BullBoardOptions): Promise<void> {
  const board: FastifyPluginAsync = async (scope) => {
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', POLICY);
      return payload;
    });
    await registerBullBoard(scope, options);
  };
  await server.register(board);
}
