import { isManualSlot, type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import type { StoredSource } from '@sluice/contracts/source';
import type { SourceDetail, SourceItem } from '@sluice/contracts/sources-api';
import { toNextRun } from '@sluice/sources/poll/schedule';
import type { WholeRun } from '@sluice/store/poll-runs';
import type { SourceRecord } from '@sluice/store/sources-store';

/** Shows a source; of a stored secret only that it is set, and until when. */
export function toSourceItem(record: SourceRecord, mappingRevision: number | null): SourceItem {
  const { id, owner, active, paused, revision, source, updatedAt } = record;
  return {
    ...{ id, kind: source.kind, owner, active, paused, revision, mappingRevision },
    updatedAt: updatedAt.toISOString(),
    source: toShown(source),
  };
}

/** Shows a source with what polling it came to. */
export function toSourceDetail(
  record: SourceRecord,
  mappingRevision: number | null,
  {
    runs,
    lastWhole,
    nowMs,
  }: { readonly runs: readonly PollRun[]; readonly lastWhole: WholeRun | undefined; readonly nowMs: number },
): SourceDetail {
  const { source, active, paused } = record;
  const item = toSourceItem(record, mappingRevision);
  if (source.kind === 'push') return { ...item, polling: null };
  const isPolled = active && !paused;
  return {
    ...item,
    polling: {
      nextRunAt: isPolled ? (toNextRun(source.schedule, new Date(nowMs))?.toISOString() ?? null) : null,
      lagSeconds: toLagSeconds(lastWhole === undefined ? [] : [lastWhole], nowMs),
      waitingUntil: findWait(record, runs, nowMs),
      runs: runs.map(toShownRun),
    },
  };
}

/** A source that was changed since is asked again. */
function findWait({ updatedAt }: SourceRecord, runs: readonly PollRun[], nowMs: number): string | null {
  const ends = runs
    .filter(({ startedAt }) => startedAt > updatedAt)
    .map(({ waitingUntil }) => waitingUntil?.getTime() ?? 0);
  const endMs = Math.max(0, ...ends);
  return endMs > nowMs ? new Date(endMs).toISOString() : null;
}

function toShown(stored: StoredSource): SourceItem['source'] {
  const { tenant: _, ...source } = stored;
  if (source.kind === 'poll') {
    const { auth, ...rest } = source;
    if (auth === undefined) return toJson(rest);
    return toJson({ ...rest, auth: { ...auth, secret: 'env' in auth.secret ? auth.secret : { set: true } } });
  }
  const secrets = source.secrets.map((secret, index) => {
    if ('env' in secret) return secret;
    return { set: true, index, ...(secret.expiresAt === undefined ? {} : { expiresAt: secret.expiresAt }) };
  });
  return toJson({ ...source, secrets });
}

function toJson(value: object): SourceItem['source'] {
  return JSON.parse(JSON.stringify(value));
}

/** Shows one run of polling a source. */
export function toShownRun(run: PollRun) {
  const { source: _, slot, startedAt, endedAt, problems, waitingUntil, rejected = 0, ...rest } = run;
  return {
    ...rest,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    manual: isManualSlot(slot),
    rejected,
    waitingUntil: waitingUntil?.toISOString() ?? null,
    problems: { count: problems.count, first: [...problems.first] },
  };
}
