/**
 * Looks whether something needs a person, and tells one:
 *
 *  1. Every scheduler asks for the lease, every `intervalMs`; who has it keeps it and looks, the others wait.
 *  2. Each check tells all that is wrong now; one that cannot tell, because a store is away, changes nothing. A check that
 *     takes long is made less often, so that it takes no more than a share of the time.
 *  3. What is found is compared with the alerts in the store (plan-alerts.ts): some begin, some last, some are over. A
 *     notice is put down together with the change that it tells of.
 *  4. Notices that are put down are sent (deliver-notices.ts), where there is an address to send them to.
 *  5. Who loses the lease, or dies, is followed by another scheduler within its length. All that it needs stands in the
 *     store: it neither repeats what was told nor forgets what was not.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { AlertDocument } from '@sluice/contracts/alerts';
import type { Logger } from '@sluice/runtime/logger';
import type { AlertStore } from '@sluice/store/alerts';
import { type KeptLease, takeLease } from '@sluice/store/lease-keeper';
import type { Leases } from '@sluice/store/leases';
import type { AlertCheck } from './alert-check.ts';
import type { AlertMetrics } from './alert-metrics.ts';
import type { NoticeDelivery } from './deliver-notices.ts';
import { type AlertPolicy, planAlerts } from './plan-alerts.ts';

export type AlertsOptions = {
  readonly checks: readonly AlertCheck[];
  readonly store: Pick<AlertStore, 'listOpen' | 'insert' | 'replace'>;
  /** Null when there is nobody to tell. */
  readonly delivery: NoticeDelivery | null;
  readonly policy: AlertPolicy;
  readonly leases: Leases;
  readonly holder: string;
  readonly metrics: Pick<AlertMetrics, 'showFiring'>;
  readonly logger: Logger;
  readonly now: () => number;
  readonly intervalMs: number;
  /** How long the lease lasts without a renewal, in ms; 15,000 by default. */
  readonly leaseMs?: number;
};

export type AlertsRunner = {
  /** Ends after the look in hand, for which it waits a second at most, and lets others take over at once. */
  stop(): Promise<void>;
};

const LEASE = 'alerts';
const LEASE_MS = 15_000;

/** How long the end waits for a look: MongoDB may be silent, and nothing is lost with it. */
const PATIENCE_MS = 1000;

/** The share of the time that one check may take. */
const CHECK_SHARE = 0.05;

/** Starts looking. */
export function startAlerts(options: AlertsOptions): AlertsRunner {
  const { checks, store, delivery, policy, leases, holder, logger, intervalMs, leaseMs = LEASE_MS } = options;
  const closing = new AbortController();
  /** When a check that took long is made again. */
  const restingUntilMs = new Map<AlertCheck, number>();
  let held: KeptLease | null = null;
  let looking = Promise.resolve();
  let timer = setTimeout(next, intervalMs);

  function next(): void {
    looking = look().finally(() => {
      if (!closing.signal.aborted) timer = setTimeout(next, intervalMs);
    });
  }

  /** Never rejects: what fails, because a store is away, is tried again at the next look. */
  async function look(): Promise<void> {
    try {
      if (held?.signal.aborted === true) await letGo();
      held ??= await takeLease(leases, LEASE, { holder, leaseMs, closing: closing.signal });
      if (held === null) return;
      const { signal } = held;
      for (const check of checks) {
        if (signal.aborted) return;
        await runCheck(check);
      }
      const open = await store.listOpen();
      options.metrics.showFiring(open);
      await delivery?.deliver(open, signal);
    } catch (err) {
      logger.warn({ err }, 'alerts.failed');
    }
  }

  async function runCheck(check: AlertCheck): Promise<void> {
    const begunMs = performance.now();
    if (begunMs < (restingUntilMs.get(check) ?? 0)) return;
    try {
      const findings = await check.look();
      // Only now: an alert that began meanwhile would begin twice.
      const known = (await store.listOpen()).filter(
        ({ kind, state }) => kind === check.kind && state === 'firing',
      );
      const plan = planAlerts(check, known, findings, { now: new Date(options.now()), policy });
      for (const alert of plan.begun) if (await store.insert(alert)) logAlert(alert);
      for (const alert of plan.changed) {
        if ((await store.replace(alert)) && alert.state === 'resolved') logAlert(alert);
      }
      restingUntilMs.set(check, begunMs + (performance.now() - begunMs) / CHECK_SHARE);
    } catch (err) {
      logger.warn({ err, kind: check.kind }, 'alerts.not-looked');
    }
  }

  function logAlert({ _id, kind, subject, state, value, text }: AlertDocument): void {
    const line = { alert: _id, kind, subject, value, text };
    if (state === 'firing') logger.warn(line, 'alert.began');
    else logger.info(line, 'alert.resolved');
  }

  async function letGo(): Promise<void> {
    if (held === null) return;
    const { release } = held;
    held = null;
    options.metrics.showFiring([]);
    await release();
  }

  return {
    async stop() {
      closing.abort();
      clearTimeout(timer);
      const patience = new AbortController();
      const patient = wait(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([looking, patient]);
      patience.abort();
      await letGo().catch((err: unknown) => logger.warn({ err }, 'alerts.lease-kept'));
    },
  };
}
