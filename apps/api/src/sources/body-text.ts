import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes the routes of a scope keep the text of their JSON bodies, and returns what reads it: parsed and written again,
 * numbers with many digits would be others.
 */
export function keepBodyText(scope: FastifyInstance): (request: FastifyRequest) => string {
  const texts = new WeakMap<FastifyRequest, string>();
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // The parser overlooks a byte order mark.
    texts.set(request, body.replace(/^\uFEFF/, ''));
    void parse(request, body, done);
  });
  return (request) => texts.get(request) ?? '';
}
