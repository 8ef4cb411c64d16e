import type { FastifyRequest } from 'fastify';
import { isSecureCookie } from './access-credential.ts';

/**
 * Tells whether a request says that it comes from a page of the host it is sent to. Browsers say so themselves with
 * every unsafe request, and no page can make them say otherwise. Whether this end is https is known only to whoever ends
 * TLS in front of us; a cookie that was set over https must come from a page over https.
 */
export function isFromOwnPage({ headers, host }: Pick<FastifyRequest, 'headers' | 'host'>): boolean {
  const { origin, cookie } = headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: pageHost } = new URL(origin);
  if (isSecureCookie(cookie) && protocol !== 'https:') return false;
  const own = `${protocol}//${host}`;
  return /^https?:$/.test(protocol) && URL.canParse(own) && new URL(own).host === pageHost;
}

/** Tells whether a request comes from a page over https. */
export function isFromSecurePage({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers.origin?.startsWith('https://') === true;
}
