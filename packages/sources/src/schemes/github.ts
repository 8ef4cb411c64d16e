import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Scheme } from './scheme.ts';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/;
const DELIVERY = /^[A-Za-z0-9_-]{1,128}$/;
const EVENT = /^[a-z0-9_]{1,64}$/;

/**
 * Checks `X-Hub-Signature-256`, an HMAC-SHA256 over the raw body
 * (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries). `X-GitHub-Delivery` becomes the
 * key and `X-GitHub-Event` the type, `github.<event>`. The signature covers neither of the two headers.
 */
export const github: Scheme = {
  verify({ headers, body, secrets }) {
    if (secrets.length === 0) return { ok: false, reason: 'no-live-secret' };
    const signature = headers['x-hub-signature-256'];
    if (signature === undefined || signature === '') return { ok: false, reason: 'signature-missing' };
    // Node joins a repeated header with commas, which does not match either.
    const [, hex] = typeof signature === 'string' ? (SIGNATURE.exec(signature) ?? []) : [];
    if (hex === undefined) return { ok: false, reason: 'signature-malformed' };
    const given = Buffer.from(hex, 'hex');
    let matches = false;
    // Every secret is tried, so that the time does not tell which one matched.
    for (const secret of secrets) {
      const expected = createHmac('sha256', secret).update(body).digest();
      matches = timingSafeEqual(expected, given) || matches;
    }
    if (!matches) return { ok: false, reason: 'signature-mismatch' };
    const key = headers['x-github-delivery'];
    const event = headers['x-github-event'];
    if (!isAbsentOr(DELIVERY, key) || !isAbsentOr(EVENT, event)) {
      return { ok: false, reason: 'header-malformed' };
    }
    return {
      ok: true,
      ...(key === undefined ? {} : { key }),
      ...(event === undefined ? {} : { type: `github.${event}` }),
    };
  },
};

function isAbsentOr(pattern: RegExp, header: string | string[] | undefined): header is string | undefined {
  return header === undefined || (typeof header === 'string' && pattern.test(header));
}
