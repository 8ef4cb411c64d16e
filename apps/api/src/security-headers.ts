import type { HttpServer } from '@sluice/runtime/http-server';

/** What applies where a route says nothing else: answers are data, nothing in them is to be run or framed. */
const DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'";

const HEADERS = {
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Adds the headers that protect a browser to every answer; a route's own policy stays. */
export function addSecurityHeaders(server: HttpServer): void {
  server.addHook('onSend', async (_request, reply, payload) => {
    reply.headers(HEADERS);
    if (!reply.hasHeader('content-security-policy')) {
      reply.header('content-security-policy', DEFAULT_POLICY);
    }
    return payload;
  });
}
