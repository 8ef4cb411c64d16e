import { createHmac } from 'node:crypto';
import { takeDelivery } from './delivery.ts';
import type { Scheme } from './scheme.ts';
import { decodeBytes, isTooLong, MAX_SIGNATURES, matchesAny, readHeader, refuse } from './signature.ts';
import { isInTolerance, parseSignedTime } from './signed-time.ts';

/**
 * Creates the scheme of Stripe: `Stripe-Signature: t=<epoch seconds>,v1=<hex>`, with an HMAC-SHA256 over
 * `<t>.<body>`, several `v1` while a secret is rolled, other schemes ignored
 * (https://docs.stripe.com/webhooks#verify-manually). The `id` of the event becomes the key.
 */
export function createStripe({ toleranceSeconds }: { readonly toleranceSeconds: number }): Scheme {
  return {
    verify({ headers, body, secrets, nowMs }) {
      if (secrets.length === 0) return refuse('no-live-secret');
      const header = readHeader(headers, 'stripe-signature');
      if (header === undefined) return refuse('signature-missing');
      const { times, given } = parseHeader(header);
      if (given.length === 0) return refuse('signature-malformed');
      // Of two times nobody could say which one was signed.
      const time = times.length > 1 ? refuseTime() : parseSignedTime(times[0]);
      if (!time.ok) return time;
      const matches = matchesAny(secrets, given, (secret) =>
        createHmac('sha256', secret).update(`${time.text}.`).update(body).digest(),
      );
      if (!matches) return refuse('signature-mismatch');
      if (!isInTolerance(time, nowMs, toleranceSeconds)) return refuse('timestamp-out-of-tolerance');
      return takeDelivery({ headers, body }, { keyMember: 'id' });
    },
  };
}

/** Returns the times and the usable signatures of a header; none when it is too long or has too many. */
function parseHeader(header: string): { times: string[]; given: Buffer[] } {
  const times: string[] = [];
  const given: Buffer[] = [];
  const items = isTooLong(header) ? [] : header.split(',', 4 * MAX_SIGNATURES);
  for (const item of items.map((text) => text.trim())) {
    if (item.startsWith('t=')) times.push(item.slice(2));
    if (!item.startsWith('v1=')) continue;
    const signature = decodeBytes(item.slice(3), 'hex', 32);
    if (signature !== undefined) given.push(signature);
  }
  return given.length > MAX_SIGNATURES ? { times, given: [] } : { times, given };
}

function refuseTime() {
  return { ok: false, reason: 'timestamp-malformed' } as const;
}
