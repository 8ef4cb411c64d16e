import type { SyncFailures } from '@sluice/store/sync-failures';
import type { SyncStateRead, SyncStates } from '@sluice/store/sync-state';
import { type AlertCheck, type Finding, toCount } from '../alert-check.ts';

/** How far the backup may be behind, and how long its replicator may be silent, in ms. */
const PATIENCE_MS = 60_000;

const REFUSED = 'refused-documents';
const DASHBOARD = '/replication';

/** Looks whether the backup follows, where there is one, and whether it refuses documents for good. */
export function createBackupCheck({
  states,
  failures,
  now,
}: {
  readonly states: Pick<SyncStates, 'read'>;
  readonly failures: Pick<SyncFailures, 'count'>;
  readonly now: () => number;
}): AlertCheck {
  return {
    kind: 'backup',
    async look() {
      const [read, { dead }] = await Promise.all([states.read(), failures.count()]);
      return [toStandstill(read, now()), toRefused(dead)].filter((finding) => finding !== null);
    },
    sayResolved: (subject) =>
      subject === REFUSED ? 'The backup refuses no document for good any more.' : 'The backup follows again.',
  };
}

function toRefused(dead: number): Finding | null {
  if (dead === 0) return null;
  return {
    ...{ subject: REFUSED, value: dead, unit: 'documents', dashboard: DASHBOARD },
    text: `${toCount(dead, 'document')} cannot be copied to the backup: see on the page of the replication what refuses them, mend it, then run a full sync.`,
  };
}

function toStandstill(read: SyncStateRead | null, nowMs: number): Finding | null {
  const trouble = read === null ? null : explain(read, nowMs);
  if (read === null || trouble === null) return null;
  const since = read.state.appliedAt ?? read.state.since;
  const value = Math.max(0, Math.round((nowMs - since.getTime()) / 1000));
  return { subject: 'replicator', value, unit: 'seconds', text: trouble, dashboard: DASHBOARD };
}

function explain({ state, ageMs }: SyncStateRead, nowMs: number): string | null {
  if (state.state === 'off') return null;
  if (ageMs > PATIENCE_MS) {
    return `The replicator has said nothing for ${toCount(Math.round(ageMs / 1000), 'second')}: see that one runs and reaches MongoDB.`;
  }
  if (state.state === 'blocked') {
    return 'Nothing is copied to the backup until a person decides: read why on the page of the replication.';
  }
  if (state.state === 'away' && nowMs - state.since.getTime() > PATIENCE_MS) {
    return `The backup has not answered since ${state.since.toISOString()}: bring it back, what is missing is copied then.`;
  }
  if (state.state === 'active' && (state.lagSeconds ?? 0) * 1000 > PATIENCE_MS) {
    return `The backup is ${toCount(Math.round(state.lagSeconds ?? 0), 'second')} behind: see that it is not short of processor, disk or network.`;
  }
  return null;
}
