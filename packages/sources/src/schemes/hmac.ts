import { createHmac } from 'node:crypto';
import type { SchemeOptions } from '@sluice/contracts/source';
import { type DeliveryNames, takeDelivery } from './delivery.ts';
import type { Scheme } from './scheme.ts';
import { decodeBytes, matchesAny, readHeader, refuse } from './signature.ts';
import { compileContent } from './signed-content.ts';
import { isInTolerance, readSignedTime } from './signed-time.ts';

/** The options of the scheme `hmac`, and what only the schemes of providers say beside them. */
export type HmacOptions = Omit<Extract<SchemeOptions, { type: 'hmac' }>, 'type'> & DeliveryNames;

const MAC_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

/**
 * Creates a scheme that checks an HMAC in a header over the body and whatever else the options name. A `keyHeader` or
 * `typeHeader` is believed as declared, whether the signature covers it or not. A signed time is judged after the
 * signature, so that `timestamp-out-of-tolerance` tells of a clock or a repeat, never of a forgery.
 */
export function createHmacScheme(options: HmacOptions): Scheme {
  const { header, hash, encoding, prefix, timestampHeader, toleranceSeconds } = options;
  const toContent = compileContent(options.content);
  return {
    verify({ headers, body, secrets, nowMs }) {
      if (secrets.length === 0) return refuse('no-live-secret');
      const signature = readHeader(headers, header);
      if (signature === undefined) return refuse('signature-missing');
      // A longer signature is not decoded: its length is known beforehand.
      const given = signature.startsWith(prefix)
        ? decodeBytes(signature.slice(prefix.length), encoding, MAC_BYTES[hash])
        : undefined;
      if (given === undefined) return refuse('signature-malformed');
      const time = timestampHeader === undefined ? undefined : readSignedTime(headers, timestampHeader);
      if (time?.ok === false) return time;
      const content = toContent({ headers, body, timestamp: time?.text ?? '' });
      if (content === undefined) return refuse('signature-missing');
      const matches = matchesAny(secrets, [given], (secret) => {
        const mac = createHmac(hash, secret);
        for (const piece of content) mac.update(piece);
        return mac.digest();
      });
      if (!matches) return refuse('signature-mismatch');
      if (time !== undefined && !isInTolerance(time, nowMs, toleranceSeconds)) {
        return refuse('timestamp-out-of-tolerance');
      }
      return takeDelivery({ headers, body }, options);
    },
  };
}
