import { isIP } from 'node:net';
import { ProblemException } from '@sluice/contracts/errors';
import type { HttpServer } from './http-server.ts';

/**
 * Refuses what was sent to a name that somebody else can give our address, where nobody is asked for a key (`AUTH=off`):
 * a page at such a name (DNS rebinding) would be one of ours to the browser, and could read and change everything.
 * Addresses are nobody's to give; `localhost` and what is below it never leave this machine (RFC 6761, 6.3).
 */
export function refuseForeignHosts(server: HttpServer): void {
  server.addHook('onRequest', (request, _reply, done) => {
    // As it was sent: a page may name another in `X-Forwarded-Host`.
    done(isOwn(request.raw.headers.host) ? undefined : new ProblemException('ERR_ORIGIN_FOREIGN', DETAIL));
  });
}

const DETAIL =
  'Without keys (AUTH=off) only requests to an address or to localhost are answered, as in http://127.0.0.1:3001.';

/** A request of HTTP/1.0 may name no host; no browser sends one. */
function isOwn(host = ''): boolean {
  if (host === '') return true;
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}
