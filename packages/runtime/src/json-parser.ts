import { isUtf8 } from 'node:buffer';
import { ProblemException } from '@sluice/contracts/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findEncodingProblem } from './content-encoding.ts';

/**
 * Makes a server, or a scope of one, parse JSON as Fastify does, but refuse what is compressed, and bytes that are no UTF-8:
 * replaced by others, they would be kept so. `onText` is handed the text of each body, before it is parsed.
 */
export function addJsonParser(
  scope: Pick<FastifyInstance, 'getDefaultJsonParser' | 'removeContentTypeParser' | 'addContentTypeParser'>,
  onText?: (request: FastifyRequest, text: string) => void,
): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const encoded = findEncodingProblem(request.headers['content-encoding']);
    if (encoded !== undefined) return done(encoded);
    if (!isUtf8(body)) return done(new ProblemException('ERR_UNICODE_INVALID', 'The bytes are not UTF-8.'));
    const text = body.toString('utf8');
    onText?.(request, text);
    void parse(request, text, done);
  });
}
