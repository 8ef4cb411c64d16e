import { createHash } from 'node:crypto';
import type { AlertDocument, AlertKind, AlertMessage, AlertNotice } from '@sluice/contracts/alerts';
import type { AlertCheck, Finding } from './alert-check.ts';

/** How alerts are told. */
export type AlertPolicy = {
  /** Whether there is anybody to tell. */
  readonly isSent: boolean;
  /** How long after a notice the next one is made while the alert lasts, in ms. */
  readonly repeatMs: number;
  /** Where people reach the dashboard; null when that is not known. */
  readonly publicUrl: string | null;
};

/** What a look changes: alerts that begin, and new versions of known ones. */
export type AlertPlan = {
  readonly begun: readonly AlertDocument[];
  readonly changed: readonly AlertDocument[];
};

/** An alert is over when so many looks in a row did not find it: what comes and goes is one alert. */
const CLEAR_LOOKS = 2;

/** How long what is over is remembered: 30 days. */
const KEEP_MS = 30 * 86_400_000;

/**
 * Decides what a look changes.
 *
 * @param known the alerts of the kind that are firing
 * @param findings all that is wrong now
 */
export function planAlerts(
  { kind, sayResolved }: Pick<AlertCheck, 'kind' | 'sayResolved'>,
  known: readonly AlertDocument[],
  findings: readonly Finding[],
  { now, policy }: { readonly now: Date; readonly policy: AlertPolicy },
): AlertPlan {
  const found = new Map(findings.map((finding) => [finding.subject, finding]));
  const subjects = new Set(known.map(({ subject }) => subject));
  const begun = [...found.values()]
    .filter(({ subject }) => !subjects.has(subject))
    .map((finding) => notifyIfDue(toAlert(kind, finding, now), now, policy));
  const changed = known.flatMap((alert): AlertDocument[] => {
    const finding = found.get(alert.subject);
    const next =
      finding === undefined
        ? toClearer(alert, sayResolved(alert.subject), now, policy)
        : notifyIfDue({ ...alert, ...finding, clearLooks: 0 }, now, policy);
    return isSame(alert, next) ? [] : [toNextRevision(next)];
  });
  return { begun, changed };
}

/** Makes the next version of an alert, which is open while it is firing or notices of it are to be sent. */
export function toNextRevision({ open: _, ...alert }: AlertDocument): AlertDocument {
  const isOpen = alert.state === 'firing' || alert.outbox.length > 0;
  return { ...alert, ...(isOpen ? { open: true } : {}), revision: alert.revision + 1 };
}

function toAlert(kind: AlertKind, finding: Finding, now: Date): AlertDocument {
  const identity = JSON.stringify([kind, finding.subject, now.toISOString()]);
  return {
    _id: `alr_${createHash('sha256').update(identity).digest('hex').slice(0, 24)}`,
    kind,
    ...finding,
    ...{ state: 'firing', since: now, resolvedAt: null, clearLooks: 0 },
    ...{ notices: 0, noticedAt: null, noticedValue: null, outbox: [], open: true, revision: 0 },
  };
}

function toClearer(alert: AlertDocument, text: string, now: Date, policy: AlertPolicy): AlertDocument {
  const clearLooks = alert.clearLooks + 1;
  if (clearLooks < CLEAR_LOOKS) return { ...alert, clearLooks };
  const expiresAt = new Date(now.getTime() + KEEP_MS);
  const resolved = { ...alert, state: 'resolved', clearLooks, text, resolvedAt: now, expiresAt } as const;
  // Who was never told that it began need not be told that it is over.
  return alert.notices === 0 || !policy.isSent ? resolved : notify(resolved, now, policy);
}

/** Adds a notice when there was none, or the last one is old; one that is still to be sent is enough. */
function notifyIfDue(alert: AlertDocument, now: Date, policy: AlertPolicy): AlertDocument {
  const { noticedAt, outbox } = alert;
  const isDue = noticedAt === null || now.getTime() - noticedAt.getTime() >= policy.repeatMs;
  return policy.isSent && isDue && outbox.length === 0 ? notify(alert, now, policy) : alert;
}

function notify(alert: AlertDocument, now: Date, policy: AlertPolicy): AlertDocument {
  const notice = alert.notices + 1;
  const message: AlertMessage = {
    type: `alert.${alert.state}`,
    timestamp: now.toISOString(),
    data: {
      ...{ id: alert._id, kind: alert.kind, subject: alert.subject, state: alert.state },
      since: alert.since.toISOString(),
      resolvedAt: alert.resolvedAt?.toISOString() ?? null,
      ...{ value: alert.value, unit: alert.unit, previousValue: alert.noticedValue, notice },
      ...{ text: alert.text, dashboard: alert.dashboard },
      link: policy.publicUrl === null ? null : toLink(policy.publicUrl, alert.dashboard),
    },
  };
  const sent: AlertNotice = {
    id: `${alert._id}-${notice}`,
    at: now,
    body: JSON.stringify(message),
    attempts: 0,
  };
  return {
    ...alert,
    notices: notice,
    noticedAt: now,
    noticedValue: alert.value,
    outbox: [...alert.outbox, sent],
  };
}

function toLink(publicUrl: string, dashboard: string): string {
  return `${publicUrl.replace(/\/+$/, '')}${dashboard}`;
}

function isSame(alert: AlertDocument, next: AlertDocument): boolean {
  const { clearLooks, value, unit, text, dashboard, notices, state } = alert;
  return (
    next.clearLooks === clearLooks &&
    next.value === value &&
    next.unit === unit &&
    next.text === text &&
    next.dashboard === dashboard &&
    next.notices === notices &&
    next.state === state
  );
}
