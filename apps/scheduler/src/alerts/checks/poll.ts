import { type PollOutcome, type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import { toNextRun } from '@sluice/sources/poll/schedule';
import type { PollRuns, WholeRun } from '@sluice/store/poll-runs';
import type { PollSourceStore } from '../../active-sources.ts';
import { type AlertCheck, type Finding, toCount } from '../alert-check.ts';

/** As many of the last runs of a source are looked at. */
const LOOKED_AT = 10;

/** Sources that are looked up at once. */
const PORTION = 100;

/** Failed runs in a row that are an alert: as many as open the breaker of a source. */
const FAILURES = 5;

/** How long after its slot a poll may begin, in ms. */
const LATE_MS = 60_000;

/** Clocks of schedulers differ a little: a run that begins so shortly before a slot is the slot's. */
const EARLY_MS = 1000;

const FAILED: ReadonlySet<PollOutcome> = new Set(['failed', 'crashed']);
const DONE: ReadonlySet<PollOutcome> = new Set(['polled', 'partial', 'waiting']);

/** After these no run is due: one is under way, or the source is left alone for a while. */
const NOT_DUE: ReadonlySet<PollOutcome> = new Set(['running', 'waiting', 'open', 'paused']);

type Run = Pick<PollRun, 'outcome' | 'startedAt'>;

/** Tells whether a source fails again and again, by its last runs, the newest first. */
export function isFailing(runs: readonly Run[]): boolean {
  let failures = 0;
  for (const { outcome } of runs) {
    if (outcome === 'open') return true;
    if (DONE.has(outcome)) return false;
    if (FAILED.has(outcome)) failures += 1;
    if (failures >= FAILURES) return true;
  }
  return false;
}

/** Looks for polled sources that fail again and again, or are not polled at all; paused ones are left out. */
export function createPollCheck({
  sources,
  runs,
  now,
}: {
  readonly sources: PollSourceStore;
  readonly runs: Pick<PollRuns, 'listMany' | 'findLastWhole'>;
  readonly now: () => number;
}): AlertCheck {
  /** The earliest slot of each source that no run is known to have begun for. */
  const awaited = new Map<string, { readonly schedule: string; readonly slotMs: number }>();

  async function look(): Promise<readonly Finding[]> {
    const [active, pausedIds] = await Promise.all([sources.list(), sources.listPaused()]);
    const paused = new Set(pausedIds);
    const polled = active.filter(({ id }) => !paused.has(id));
    const ids = new Set(polled.map(({ id }) => id));
    for (const id of awaited.keys()) if (!ids.has(id)) awaited.delete(id);
    const findings: Finding[] = [];
    for (let begin = 0; begin < polled.length; begin += PORTION) {
      const portion = polled.slice(begin, begin + PORTION);
      const names = portion.map(({ id }) => id);
      const [last, whole] = await Promise.all([runs.listMany(names, LOOKED_AT), runs.findLastWhole(names)]);
      for (const source of portion) {
        const finding = judge(source, last.get(source.id) ?? [], whole.get(source.id));
        if (finding !== null) findings.push(finding);
      }
    }
    return findings;
  }

  function judge(
    { id, schedule }: Pick<PollSource, 'id' | 'schedule'>,
    last: readonly Run[],
    whole: WholeRun | undefined,
  ): Finding | null {
    const nowMs = now();
    const lateMs = toLateMs(id, schedule, last, nowMs);
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
    if (lateMs <= LATE_MS) return null;
    const late = Math.round(lateMs / 1000);
    const text = `The polled source ${id} should have been polled ${toCount(late, 'second')} ago: see that Redis answers and schedulers are not stuck, then poll it by hand.`;
    return toFinding(late, text);
  }

  /** Returns for how long a run has been due. */
  function toLateMs(id: string, schedule: string, [newest]: readonly Run[], nowMs: number): number {
    const known = awaited.get(id);
    const isDue = newest === undefined || !NOT_DUE.has(newest.outcome);
    const begunMs = newest?.startedAt.getTime() ?? Number.NEGATIVE_INFINITY;
    if (isDue && known?.schedule === schedule && begunMs < known.slotMs - EARLY_MS) {
      return Math.max(0, nowMs - known.slotMs);
    }
    const next = toNextRun(schedule, new Date(nowMs));
    if (next === null) awaited.delete(id);
    else awaited.set(id, { schedule, slotMs: next.getTime() });
    return 0;
  }

  return {
    kind: 'poll',
    look,
    sayResolved: (source) => `The source ${source} is polled again, paused, or no longer active.`,
  };
}
