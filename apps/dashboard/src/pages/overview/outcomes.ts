/*
 * What became of events over a time, from one of two counts of the api: of the last two days by the moment at which they were settled;
 * beyond that by the hour in which they arrived.
 */
import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import { addLatencies, type LatencyCounts } from '@sluice/contracts/latency';
import type { RecentStats } from '@sluice/contracts/recent-stats';

/** The outcomes that are drawn: `failed` = attempts that will be repeated, `rejected` = requests that were refused. */
export type Outcome = 'normalized' | 'duplicate' | 'failed' | 'dead' | 'rejected';

export type Counts = Readonly<Record<Outcome | 'accepted', number>>;

/** One column of the charts; null counts = nobody knows (yet). */
export type Column = {
  readonly at: string;
  readonly counts: Counts | null;
  readonly latency: LatencyCounts;
};

/** What became of the events of one source. */
export type SourceCounts = Omit<Counts, 'rejected'> & { readonly source: string };

const NOTHING: Counts = { accepted: 0, normalized: 0, duplicate: 0, failed: 0, dead: 0, rejected: 0 };

/** A time of which columns are made, asked for at `loadedMs`; `isLive` = it goes on, and so do its columns. */
type Place = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isLive: boolean;
  readonly loadedMs: number;
};

/** Makes columns of what was settled in a time. What lies after the answer, or before the counting, is not known. */
export function toRecentColumns(
  { buckets, knownFrom, stepSeconds }: RecentStats,
  { isLive, loadedMs }: Pick<Place, 'isLive' | 'loadedMs'>,
  nowMs: number,
): readonly Column[] {
  const known = buckets.map(({ at, latency, ...counts }): Column => {
    return { at, latency, counts: knownFrom !== null && at < knownFrom ? null : counts };
  });
  const last = known.at(-1);
  if (!isLive || last === undefined) return known;
  // The clock here can be fast: it was no later there than the end of the last bucket.
  const stepMs = stepSeconds * 1000;
  const latestMs = Date.parse(last.at) + stepMs + nowMs - loadedMs;
  return extend(known, stepMs, Math.min(nowMs, latestMs));
}

/** Makes columns of `stepMs` of hours; hours that the answer does not name are empty. */
export function toHourlyColumns(
  answer: Pick<HourlyStats, 'hours' | 'rejected'>,
  { fromMs, loadedMs, stepMs, isLive }: Place & { readonly stepMs: number },
  nowMs: number,
): readonly Column[] {
  const toStart = (time: string) => Math.floor(Date.parse(time) / stepMs) * stepMs;
  const columns = new Map<number, { counts: Counts; latencies: LatencyCounts[] }>();
  const get = (atMs: number) => columns.get(atMs) ?? { counts: NOTHING, latencies: [] };
  for (const { hour, latency, ...counts } of answer.hours) {
    const atMs = toStart(hour);
    const column = get(atMs);
    const sums = addCounts(column.counts, { ...counts, rejected: 0 });
    columns.set(atMs, { counts: sums, latencies: [...column.latencies, latency] });
  }
  for (const { hour, count } of answer.rejected) {
    const column = get(toStart(hour));
    columns.set(toStart(hour), {
      ...column,
      counts: addCounts(column.counts, { ...NOTHING, rejected: count }),
    });
  }
  const known: Column[] = [];
  for (let atMs = Math.floor(fromMs / stepMs) * stepMs; atMs <= loadedMs; atMs += stepMs) {
    const { counts, latencies } = get(atMs);
    known.push({ at: new Date(atMs).toISOString(), counts, latency: addLatencies(latencies) });
  }
  return isLive ? extend(known, stepMs, nowMs) : known;
}

/** Adds the columns between the last that is known and now: they are unknown, not zero. */
function extend(known: readonly Column[], stepMs: number, nowMs: number): readonly Column[] {
  const last = known.at(-1);
  if (last === undefined) return known;
  const columns = [...known];
  for (let atMs = Date.parse(last.at) + 2 * stepMs; atMs <= nowMs; atMs += stepMs) {
    columns.push({ at: new Date(atMs - stepMs).toISOString(), counts: null, latency: {} });
  }
  return columns;
}

/** Returns how long that is of which something is known, in ms: whole columns of `stepMs`. */
export function toKnownMs(columns: readonly Column[], stepMs: number): number {
  return columns.filter(({ counts }) => counts !== null).length * stepMs;
}

/** Adds up what is known. */
export function sumColumns(columns: readonly Column[]): Counts {
  return columns.reduce((sum, { counts }) => (counts === null ? sum : addCounts(sum, counts)), NOTHING);
}

/** Adds hours up by source, those with most events first. */
export function toSourceCounts(hours: HourlyStats['hours']): readonly SourceCounts[] {
  const sums = new Map<string, Counts>();
  for (const { source, ...counts } of hours) {
    sums.set(source, addCounts(sums.get(source) ?? NOTHING, { ...counts, rejected: 0 }));
  }
  return [...sums]
    .map(([source, { rejected: _none, ...counts }]) => ({ source, ...counts }))
    .toSorted((a, b) => b.accepted - a.accepted);
}

/** Takes a share of counts. */
export function scaleCounts(counts: Counts, share: number): Counts {
  return {
    accepted: counts.accepted * share,
    normalized: counts.normalized * share,
    duplicate: counts.duplicate * share,
    failed: counts.failed * share,
    dead: counts.dead * share,
    rejected: counts.rejected * share,
  };
}

function addCounts(a: Counts, b: Counts): Counts {
  return {
    accepted: a.accepted + b.accepted,
    normalized: a.normalized + b.normalized,
    duplicate: a.duplicate + b.duplicate,
    failed: a.failed + b.failed,
    dead: a.dead + b.dead,
    rejected: a.rejected + b.rejected,
  };
}
