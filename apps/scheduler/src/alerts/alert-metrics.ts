import { ALERT_KINDS, type AlertDocument } from '@sluice/contracts/alerts';
import type { Metrics } from '@sluice/runtime/metrics';
import type { DeliveryOutcome } from './deliver-notices.ts';

/** What a scheduler tells of alerts. */
export type AlertMetrics = {
  /** Shows these alerts; the scheduler that does not look shows none. */
  showFiring(open: readonly AlertDocument[]): void;
  delivered(outcome: DeliveryOutcome): void;
};

const OUTCOMES: readonly DeliveryOutcome[] = ['delivered', 'refused', 'failed', 'given-up'];

/** Creates the metrics of alerts in the process's registry. */
export function createAlertMetrics(metrics: Metrics): AlertMetrics {
  const firing = metrics.createGauge({
    name: 'alerts_firing',
    help: 'Alerts that are firing, by kind; 0 in every scheduler but the one that looks.',
    labels: ['kind'],
  });
  const waiting = metrics.createGauge({
    name: 'alert_notices_waiting',
    help: 'Notices that the receiver of alerts has not taken yet.',
  });
  const deliveries = metrics.createCounter({
    name: 'alert_deliveries_total',
    help: 'Attempts to deliver a notice, by what came of them.',
    labels: ['outcome'],
  });
  // A counter that does not begin at 0 hides its first increase.
  for (const outcome of OUTCOMES) deliveries.inc({ outcome }, 0);

  function showFiring(open: readonly AlertDocument[]): void {
    for (const kind of ALERT_KINDS) {
      const count = open.filter((alert) => alert.kind === kind && alert.state === 'firing').length;
      firing.set({ kind }, count);
    }
    waiting.set(open.reduce((sum, { outbox }) => sum + outbox.length, 0));
  }

  showFiring([]);
  return { showFiring, delivered: (outcome) => deliveries.inc({ outcome }) };
}
