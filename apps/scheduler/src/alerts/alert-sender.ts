import type { AlertNotice } from '@sluice/contracts/alerts';
import { Webhook } from 'standardwebhooks';

/**
 * What came of sending a notice: `refused` = the receiver does not want it as it is, so that only a person can help;
 * `failed` = it may work later.
 */
export type SendResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

/** Sends one notice; never rejects, and tells nothing of the address or the secret. */
export type SendNotice = (
  notice: Pick<AlertNotice, 'id' | 'body'>,
  signal: AbortSignal,
) => Promise<SendResult>;

/** How long the receiver may take to answer, in ms. */
const TIMEOUT_MS = 5000;

/** Answers below 500 after which trying again as it is makes sense: too early, too slow, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Creates what sends notices as Standard Webhooks 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). No redirect is followed.
 * `timeoutMs` is 5,000 by default.
 */
export function createAlertSender({
  url,
  secret,
  now,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly url: string;
  /** `whsec_` and the key as base64. */
  readonly secret: string;
  readonly now: () => number;
  readonly timeoutMs?: number;
}): SendNotice {
  const webhook = new Webhook(secret);

  return async ({ id, body }, signal) => {
    const at = new Date(now());
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Sluice',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': webhook.sign(id, at, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      // What it says beside its status is of no use here, and could be endless; whether it ends well is all the same.
      await response.body?.cancel().catch(() => undefined);
      return toResult(response.status);
    } catch (error) {
      return { kind: 'failed', reason: explain(error, timeoutMs) };
    }
  };
}

function toResult(status: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400) {
    const reason = `The receiver answered ${status}, and redirects are not followed: set ALERT_WEBHOOK_URL to the final address.`;
    return { kind: 'refused', reason };
  }
  if (status === 410) {
    const reason =
      'The receiver answered 410, it wants no more alerts: set ALERT_WEBHOOK_URL to another address, or unset it.';
    return { kind: 'refused', reason };
  }
  if (status >= 500 || PASSING.has(status)) {
    return { kind: 'failed', reason: `The receiver answered ${status}.` };
  }
  const reason = `The receiver answered ${status}: check ALERT_WEBHOOK_URL (its path and token) and that the receiver has the same ALERT_WEBHOOK_SECRET.`;
  return { kind: 'refused', reason };
}

/** Says why no answer came, by codes alone: the messages of errors can hold the address. */
function explain(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `No answer came within ${timeoutMs} ms.`;
  if (error instanceof Error && error.name === 'AbortError') return 'The process is about to end.';
  const code = findCode(error);
  return code === undefined ? 'The receiver was not reached.' : `The receiver was not reached (${code}).`;
}

function findCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return findCode(error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined));
}
