import type { BackupGap, BackupGaps } from '@sluice/store/backup-gaps';
import type { SyncFailures } from '@sluice/store/sync-failures';
import type { SyncStateRead, SyncStates } from '@sluice/store/sync-state';
import { type AlertCheck, type Finding, toCount } from '../alert-check.ts';

/** How far the backup may be behind, and how long its replicator may be silent, in ms. */
const PATIENCE_MS = 60_000;

const REFUSED = 'refused-documents';
const INCOMPLETE = 'incomplete';
const DASHBOARD = '/replication';

/**
 * Looks whether the backup follows, where there is one, whether a full sync that it needs came to nothing, and whether it
 * refuses documents for good.
 */
export function createBackupCheck({
  states,
  failures,
  gaps,
  now,
}: {
  readonly states: Pick<SyncStates, 'read'>;
  readonly failures: Pick<SyncFailures, 'count'>;
  readonly gaps: BackupGaps;
  readonly now: () => number;
}): AlertCheck {
  return {
    kind: 'backup',
    async look() {
      const [read, { dead }, gap] = await Promise.all([states.read(), failures.count(), gaps.find()]);
      const isOn = read !== null && read.state.state !== 'off';
      const incomplete = isOn && gap !== null ? toIncomplete(gap, now()) : null;
      const found = [toStandstill(read, now()), incomplete, toRefused(dead)];
      return found.filter((finding) => finding !== null);
    },
    sayResolved(subject) {
      if (subject === REFUSED) return 'The backup refuses no document for good any more.';
      if (subject === INCOMPLETE)
        return 'A full sync that the backup needs has gone through, or is under way.';
      return 'The backup follows again.';
    },
  };
}

/** One that is under way, or waits for a person who paused it, is no alert. */
function toIncomplete({ sync }: BackupGap, nowMs: number): Finding | null {
  if (sync === null || (sync.state !== 'failed' && sync.state !== 'cancelled')) return null;
  const value = Math.max(0, Math.round((nowMs - (sync.endedAt ?? sync.createdAt).getTime()) / 1000));
  const why = sync.stateReason === null ? '' : ` (${sync.stateReason})`;
  return {
    ...{ subject: INCOMPLETE, value, unit: 'seconds', dashboard: DASHBOARD },
    text: `The backup is not whole: the full sync that it needs was ${sync.state === 'failed' ? 'ended by a failure' : 'cancelled'}${why}; see on the page of the replication what stopped it, then start another one.`,
  };
}

function toRefused(dead: number): Finding | null {
  if (dead === 0) return null;
  return {
    ...{ subject: REFUSED, value: dead, unit: 'documents', dashboard: DASHBOARD },
    text: `${toCount(dead, 'document')} cannot be copied to the backup: read the errors in the queue sync of Bull Board, mend what they name, then retry the jobs there or run a full sync.`,
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
  if (state.state === 'starting' && nowMs - state.since.getTime() > PATIENCE_MS) {
    return `The replicator has not begun to copy since ${state.since.toISOString()}: read in its log what keeps it from it.`;
  }
  if (state.state === 'active' && (state.lagSeconds ?? 0) * 1000 > PATIENCE_MS) {
    return `The backup is ${toCount(Math.round(state.lagSeconds ?? 0), 'second')} behind: see that it is not short of processor, disk or network.`;
  }
  return null;
}
