import { type PollOutcome, type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import { findDueSlots, type RunForDue } from '@sluice/sources/poll/due-slots';
import type { PollRuns, WholeRun } from '@sluice/store/poll-runs';
import type { SourceRecord, SourceStore } from '@sluice/store/sources-store';
import { type AlertCheck, type Finding, toCount } from '../alert-check.ts';

/** As many of the last runs of a source are looked at. */
const LOOKED_AT = 10;

/** Sources that are looked up at once. */
const PORTION = 100;

/** Failed runs in a row that are an alert: as many as open the breaker of a source. */
const FAILURES = 5;

/** How long after its slot a poll may begin, in ms. */
const LATE_MS = 60_000;

const FAILED: ReadonlySet<PollOutcome> = new Set(['failed', 'crashed']);
const DONE: ReadonlySet<PollOutcome> = new Set(['polled', 'with-rejections', 'partial', 'waiting']);

/** Tells whether a source fails again and again, by its last runs, the newest first. */
export function isFailing(runs: readonly Pick<PollRun, 'outcome'>[]): boolean {
  let failures = 0;
  for (const { outcome } of runs) {
    if (outcome === 'open') return true;
    if (DONE.has(outcome)) return false;
    if (FAILED.has(outcome)) failures += 1;
    if (failures >= FAILURES) return true;
  }
  return false;
}

/**
 * Looks for polled sources that fail again and again, or are not polled at all; paused ones are left out. All that it goes
 * by stands in the store, so that every scheduler finds the same.
 */
export function createPollCheck({
  sources,
  runs,
  now,
}: {
  readonly sources: Pick<SourceStore, 'list'>;
  readonly runs: Pick<PollRuns, 'listMany' | 'findLastWhole'>;
  readonly now: () => number;
}): AlertCheck {
  async function look(): Promise<readonly Finding[]> {
    const active = (await sources.list()).sources;
    const polled = active.filter(({ source, paused }) => source.kind === 'poll' && !paused);
    const findings: Finding[] = [];
    for (let begin = 0; begin < polled.length; begin += PORTION) {
      const portion = polled.slice(begin, begin + PORTION);
      const names = portion.map(({ id }) => id);
      const [last, whole] = await Promise.all([
        runs.listMany(names, LOOKED_AT, new Date(now())),
        runs.findLastWhole(names),
      ]);
      for (const source of portion) {
        const finding = judge(source, last.get(source.id) ?? [], whole.get(source.id));
        if (finding !== null) findings.push(finding);
      }
    }
    return findings;
  }

  function judge(
    { id, source, dueSince, updatedAt }: Pick<SourceRecord, 'id' | 'source' | 'dueSince' | 'updatedAt'>,
    last: readonly RunForDue[],
    whole: WholeRun | undefined,
  ): Finding | null {
    if (source.kind !== 'poll') return null;
    const nowMs = now();
    const dashboard = `/sources/${encodeURIComponent(id)}`;
    const toFinding = (value: number, text: string): Finding => {
      return { subject: id, value, unit: 'seconds', text, dashboard };
    };
    if (isFailing(last)) {
      const first = last.at(-1)?.startedAt.getTime() ?? nowMs;
      const behind =
        toLagSeconds(whole === undefined ? [] : [whole], nowMs) ?? Math.round((nowMs - first) / 1000);
      const text = `The polled source ${id} fails again and again and is ${toCount(behind, 'second')} behind: read the errors of its last runs, mend their cause, then poll it by hand.`;
      return toFinding(behind, text);
    }
    const until = new Date(nowMs - LATE_MS);
    const { firstAt } = findDueSlots(source.schedule, {
      ...{ runs: last, since: dueSince, changedAt: updatedAt },
      ...{ until, limit: 1 },
    });
    if (firstAt === null) return null;
    const late = Math.round((nowMs - firstAt.getTime()) / 1000);
    const text = `The polled source ${id} should have been polled ${toCount(late, 'second')} ago: see that schedulers run and Redis answers, then poll it by hand.`;
    return toFinding(late, text);
  }

  return {
    kind: 'poll',
    look,
    sayResolved: (source) => `The source ${source} is polled again, was changed or paused, or is not active.`,
  };
}
