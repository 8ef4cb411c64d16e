import { isJsonObject } from '@sluice/contracts/json';
import { createHmacScheme } from './hmac.ts';
import type { Scheme } from './scheme.ts';

/** The handshake holds a token, a challenge and its type: whatever is larger is none. */
const MAX_HANDSHAKE_BYTES = 4096;

/**
 * Creates the scheme of Slack: `X-Slack-Signature`, `v0=` and an HMAC-SHA256 over `v0:<timestamp>:<body>` with the
 * time of `X-Slack-Request-Timestamp` (https://docs.slack.dev/authentication/verifying-requests-from-slack). The
 * `event_id` of the Events API becomes the key; commands and interactions are forms and have none. Where a request
 * address is entered, Slack first sends a challenge (https://docs.slack.dev/reference/events/url_verification).
 */
export function createSlack({ toleranceSeconds }: { readonly toleranceSeconds: number }): Scheme {
  const hmac = createHmacScheme({
    header: 'x-slack-signature',
    hash: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    content: 'v0:{timestamp}:{body}',
    timestampHeader: 'x-slack-request-timestamp',
    toleranceSeconds,
    keyMember: 'event_id',
  });
  return {
    verify(request) {
      const verified = hmac.verify(request);
      if (!verified.ok || verified.key !== undefined) return verified;
      const challenge = readChallenge(request.body);
      return challenge === undefined ? verified : { ok: true, challenge };
    },
  };
}

function readChallenge(body: Uint8Array): string | undefined {
  if (body.byteLength > MAX_HANDSHAKE_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (!isJsonObject(value) || value['type'] !== 'url_verification') return undefined;
    return typeof value['challenge'] === 'string' ? value['challenge'] : undefined;
  } catch {
    return undefined;
  }
}
