/*
 * Brings notices to the receiver, the oldest first. Each attempt is noted in the store before it is made, by a change
 * that only one scheduler can make, and a notice that was taken is removed after it: so nobody sends what another has in
 * hand, and what a process that died had in hand is sent again under the same id. A receiver that fails is left alone,
 * for longer each time, and one that refuses for the longest time at once.
 */
import type { AlertDocument, AlertNotice } from '@sluice/contracts/alerts';
import type { Logger } from '@sluice/runtime/logger';
import type { AlertStore } from '@sluice/store/alerts';
import type { SendNotice, SendResult } from './alert-sender.ts';
import { toNextRevision } from './plan-alerts.ts';

/** What became of an attempt to deliver; `given-up` = the notice is too old. */
export type DeliveryOutcome = SendResult['kind'] | 'given-up';

/** Sends what is to be sent, as far as the receiver lets it. */
export type NoticeDelivery = {
  /** Goes through the notices of these alerts, until one fails or the time is over. @throws DependencyAwayError */
  deliver(alerts: readonly AlertDocument[], signal: AbortSignal): Promise<void>;
};

/** The longest that a receiver is left alone after a failure, in ms. */
const LONGEST_PAUSE_MS = 300_000;

/** After how long a notice that nobody took is given up: a day. */
const GIVE_UP_MS = 86_400_000;

/** How long one round may take, so that looking goes on. */
const ROUND_MS = 10_000;

/** Creates the delivery; `pauseMs` is how long a receiver is left alone after its first failure. */
export function createNoticeDelivery({
  send,
  store,
  logger,
  onOutcome,
  now,
  pauseMs,
}: {
  readonly send: SendNotice;
  readonly store: Pick<AlertStore, 'replace'>;
  readonly logger: Logger;
  readonly onOutcome: (outcome: DeliveryOutcome) => void;
  readonly now: () => number;
  readonly pauseMs: number;
}): NoticeDelivery {
  let failures = 0;
  let resumeMs = 0;

  async function deliver(alerts: readonly AlertDocument[], signal: AbortSignal): Promise<void> {
    const begunMs = performance.now();
    const waiting = alerts.filter(({ outbox }) => outbox.length > 0).toSorted(byAttempts);
    for (let alert of waiting) {
      for (let [notice] = alert.outbox; notice !== undefined; [notice] = alert.outbox) {
        const nowMs = performance.now();
        if (signal.aborted || nowMs < resumeMs || nowMs - begunMs > ROUND_MS) return;
        const next = await deliverOne(alert, notice, signal);
        if (next === null) break;
        alert = next;
      }
    }
  }

  /** Returns the alert without its notice; null when that is still to be sent, or is in the hands of another. */
  async function deliverOne(
    alert: AlertDocument,
    notice: AlertNotice,
    signal: AbortSignal,
  ): Promise<AlertDocument | null> {
    const line = { alert: alert._id, kind: alert.kind, subject: alert.subject, notice: notice.id };
    const rest = alert.outbox.slice(1);
    if (now() - notice.at.getTime() > GIVE_UP_MS) {
      onOutcome('given-up');
      logger.error({ ...line, attempts: notice.attempts }, 'alert.given-up');
      return replace({ ...alert, outbox: rest });
    }
    const attempts = notice.attempts + 1;
    const claimed = await replace({ ...alert, outbox: [{ ...notice, attempts }, ...rest] });
    if (claimed === null) return null;
    const result = await send(notice, signal);
    if (result.kind !== 'delivered' && signal.aborted) return null;
    onOutcome(result.kind);
    if (result.kind !== 'delivered') {
      leaveAlone(result, { ...line, attempts });
      return null;
    }
    failures = 0;
    logger.info({ ...line, attempts }, 'alert.delivered');
    return replace({ ...claimed, outbox: rest });
  }

  async function replace(alert: AlertDocument): Promise<AlertDocument | null> {
    const next = toNextRevision(alert);
    return (await store.replace(next)) ? next : null;
  }

  function leaveAlone({ kind, reason }: Exclude<SendResult, { kind: 'delivered' }>, line: object): void {
    failures += 1;
    const pause =
      kind === 'refused' ? LONGEST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** (failures - 1));
    resumeMs = performance.now() + pause;
    logger[kind === 'refused' ? 'error' : 'warn'](
      { ...line, reason, againInMs: pause },
      'alert.not-delivered',
    );
  }

  return { deliver };
}

/** What was tried least comes first, then the oldest: one that is never taken holds up no other. */
function byAttempts({ outbox: [left] }: AlertDocument, { outbox: [right] }: AlertDocument): number {
  const attempts = (left?.attempts ?? 0) - (right?.attempts ?? 0);
  return attempts || (left?.at.getTime() ?? 0) - (right?.at.getTime() ?? 0);
}
