import { createHmacScheme } from './hmac.ts';
import type { Scheme } from './scheme.ts';

/**
 * Creates the scheme of Slack: `X-Slack-Signature`, `v0=` and an HMAC-SHA256 over `v0:<timestamp>:<body>` with the
 * time of `X-Slack-Request-Timestamp` (https://docs.slack.dev/authentication/verifying-requests-from-slack). The
 * `event_id` of the Events API becomes the key; commands and interactions are forms and have none.
 */
export function createSlack({ toleranceSeconds }: { readonly toleranceSeconds: number }): Scheme {
  return createHmacScheme({
    header: 'x-slack-signature',
    hash: 'sha256',
    encoding: 'hex',
    prefix: 'v0=',
    content: 'v0:{timestamp}:{body}',
    timestampHeader: 'x-slack-request-timestamp',
    toleranceSeconds,
    keyMember: 'event_id',
  });
}
