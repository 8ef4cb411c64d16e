import { addHealthRoutes, type Health } from './health.ts';
import { createHttpServer, type HttpServer } from './http-server.ts';
import { listen } from './listen.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/**
 * Starts the internal server of a process: `/livez`, `/readyz` and `/metrics`. `setting` names the variable that
 * sets the port. Close it with `server.close()`.
 *
 * @throws ListenError when it cannot listen
 */
export async function createAdminServer({
  host,
  port,
  setting,
  health,
  metrics,
  logger,
}: {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
}): Promise<{ readonly server: HttpServer; readonly port: number }> {
  const server = createHttpServer({ logger, maxBodyBytes: 1024 });
  addHealthRoutes(server, health);
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.read()),
  );
  return { server, port: await listen(server, { host, port, setting }) };
}
