import { ProblemException } from '@sluice/contracts/errors';
import type { FastifyRequest } from 'fastify';
import { needsOwnPage } from './access.ts';
import { readSessionCookie } from './access-credential.ts';
import { isFromOwnPage } from './access-origin.ts';

type Presented = Pick<FastifyRequest, 'headers' | 'host' | 'method' | 'url'>;

/**
 * Returns the header by which the app that a request is passed on to learns who calls: a session's cookie becomes a
 * bearer key, because that app sees another host and could not compare the origin. Empty when the request says so
 * itself, or not at all.
 *
 * @throws ProblemException ERR_ORIGIN_FOREIGN when a page of another origin sends it with a session
 */
export function toUpstreamHeaders(request: Presented): { readonly authorization?: string } {
  const { authorization, cookie } = request.headers;
  // A webhook says who sends it in its own way, which may be the same header.
  if (request.url.startsWith('/hooks/')) return {};
  const key = authorization === undefined ? readSessionCookie(cookie) : undefined;
  if (key === undefined) return {};
  if (needsOwnPage(request) && !isFromOwnPage(request)) throw new ProblemException('ERR_ORIGIN_FOREIGN');
  return { authorization: `Bearer ${key}` };
}
