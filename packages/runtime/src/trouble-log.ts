import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from './logger.ts';

/**
 * Writes Fastify's own lines about trouble to our logger, and none for each request. The server itself gets no logger:
 * it would listen for the end of every response, which costs a tenth of a request, measured.
 */
export class TroubleLog extends LogController {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    super();
    this.#logger = logger;
  }

  override incomingRequest(): void {}
  override requestCompleted(): void {}
  override routeNotFound(): void {}

  override defaultErrorLog(error: Error, request: FastifyRequest): void {
    this.#logger.error(toLine(error, request), 'request.failed');
  }

  override streamError(error: Error, request: FastifyRequest): void {
    // Whoever listened has gone.
    if ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    this.#logger.warn(toLine(error, request), 'response.broken');
  }

  override writeHeadError(error: Error, request: FastifyRequest): void {
    this.#logger.error(toLine(error, request), 'response.unwritable');
  }

  override serializerError(error: Error, request: FastifyRequest, _reply: FastifyReply): void {
    this.#logger.error(toLine(error, request), 'response.unserializable');
  }

  override serviceUnavailable(): void {}
}

function toLine(error: Error, request: FastifyRequest) {
  return { requestId: request.id, method: request.method, route: request.routeOptions.url, err: error };
}
