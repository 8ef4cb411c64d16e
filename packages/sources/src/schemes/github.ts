import { createHmacScheme } from './hmac.ts';
import type { Scheme } from './scheme.ts';

/**
 * Creates the scheme of GitHub: `X-Hub-Signature-256`, an HMAC-SHA256 over the raw body
 * (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries). `X-GitHub-Delivery` becomes the
 * key and `X-GitHub-Event` the type, `github.<event>`. The signature covers neither of the two headers.
 */
export function createGithub(): Scheme {
  return createHmacScheme({
    header: 'x-hub-signature-256',
    hash: 'sha256',
    encoding: 'hex',
    prefix: 'sha256=',
    content: '{body}',
    toleranceSeconds: 0,
    keyHeader: 'x-github-delivery',
    keyPattern: /^[A-Za-z0-9_-]{1,128}$/,
    typeHeader: 'x-github-event',
    typePattern: /^[a-z0-9_]{1,64}$/,
    typePrefix: 'github.',
  });
}
