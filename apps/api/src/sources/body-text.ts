import { isUtf8 } from 'node:buffer';
import { ProblemException } from '@sluice/contracts/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes the routes of a scope keep the text of their JSON bodies, and returns what reads it: parsed and written again,
 * numbers with many digits would be others.
 */
export function keepBodyText(scope: FastifyInstance): (request: FastifyRequest) => string {
  const texts = new WeakMap<FastifyRequest, string>();
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body)) return done(new ProblemException('ERR_UNICODE_INVALID', 'The bytes are not UTF-8.'));
    const text = body.toString('utf8');
    // The parser overlooks a byte order mark.
    texts.set(request, text.replace(/^\uFEFF/, ''));
    void parse(request, text, done);
  });
  return (request) => texts.get(request) ?? '';
}
