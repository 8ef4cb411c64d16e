import type { Metrics } from '@sluice/runtime/metrics';
import { createAlertStore } from '@sluice/store/alerts';
import type { Leases } from '@sluice/store/leases';
import type { SchedulerConfig } from '../config.ts';
import { createAlertMetrics } from './alert-metrics.ts';
import { createAlertSender } from './alert-sender.ts';
import { type AlertsOptions, type AlertsRunner, startAlerts } from './alerts-runner.ts';
import { type AlertChecksOptions, createAlertChecks } from './checks/checks.ts';
import { createNoticeDelivery } from './deliver-notices.ts';

/** Starts the alerts of a scheduler, on the connections of its process and by its settings. */
export function openAlerts({
  config,
  metrics: processMetrics,
  store: connection,
  inspector,
  ...options
}: Omit<AlertChecksOptions, 'lagMs'> &
  Pick<AlertsOptions, 'holder' | 'logger' | 'now'> & {
    readonly config: Pick<SchedulerConfig, AlertSetting>;
    readonly metrics: Metrics;
    readonly leases: Leases;
  }): AlertsRunner {
  const { ALERT_INTERVAL_MS: intervalMs, ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = config;
  const { logger, now } = options;
  const metrics = createAlertMetrics(processMetrics);
  const store = createAlertStore(connection);
  const send = url === undefined || secret === undefined ? null : createAlertSender({ url, secret, now });
  return startAlerts({
    ...options,
    ...{ store, metrics, intervalMs },
    checks: createAlertChecks({
      ...{ store: connection, inspector, now },
      lagMs: config.ALERT_LAG_MS,
    }),
    delivery:
      send === null
        ? null
        : createNoticeDelivery({
            ...{ send, store, logger, now },
            onOutcome: metrics.delivered,
            pauseMs: intervalMs,
          }),
    policy: {
      isSent: send !== null,
      repeatMs: config.ALERT_REPEAT_MS,
      publicUrl: config.PUBLIC_URL ?? null,
    },
  });
}

type AlertSetting =
  | 'ALERT_WEBHOOK_URL'
  | 'ALERT_WEBHOOK_SECRET'
  | 'ALERT_INTERVAL_MS'
  | 'ALERT_LAG_MS'
  | 'ALERT_REPEAT_MS'
  | 'PUBLIC_URL';
