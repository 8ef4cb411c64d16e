import type { Figures, RowId } from './case.ts';
import { ROWS } from './case.ts';
import { CASES } from './cases/registry.ts';
import { CPU_GROUPS, type CpuUs } from './cpu.ts';
import type { Latency } from './load/latencies.ts';
import { toMedian } from './median.ts';
import { judge, type Verdict } from './ratios.ts';
import type { Sitting } from './rounds.ts';

/** A row of the table: the median of each figure, null when a run of its case failed. */
export type SummaryRow = {
  readonly id: RowId;
  readonly name: string;
  readonly median: Figures | null;
  /** The slowest and the fastest run, per second. */
  readonly range: readonly [number, number] | null;
  readonly runs: readonly Figures[];
};

/** All that a sitting found, as it is printed. */
export type Summary = { readonly rows: readonly SummaryRow[]; readonly verdicts: readonly Verdict[] };

/** Takes the medians over the rounds. A case that failed in one round has no figures at all. */
export function summarize({ planned, rounds, failures }: Sitting): Summary {
  const failed = new Set(failures.flatMap(({ name }) => CASES[name].rows));
  const wanted = new Set(planned.flatMap((name) => CASES[name].rows));
  const rows = (Object.keys(ROWS) as RowId[])
    .filter((id) => wanted.has(id))
    .map((id): SummaryRow => {
      const runs = rounds.flatMap(({ figures, noops }) =>
        id === 'noop' ? noops : [figures[id] ?? []].flat(),
      );
      const name = ROWS[id];
      if (failed.has(id) || runs.length === 0) return { id, name, median: null, range: null, runs: [] };
      const speeds = runs.map(({ perSecond }) => perSecond);
      return { id, name, median: toMedians(runs), range: [Math.min(...speeds), Math.max(...speeds)], runs };
    });
  const measured = new Set(rows.filter(({ median }) => median !== null).map(({ id }) => id));
  return { rows, verdicts: judge(rounds, measured) };
}

function toMedians(runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap(({ extra }) => Object.keys(extra)));
  return {
    perSecond: toMedian(runs.map(({ perSecond }) => perSecond)),
    answered: toMedianLatency(runs.map(({ answered }) => answered)),
    stored: toMedianLatency(runs.map(({ stored }) => stored)),
    cpuUs: toMedianCpu(runs.map(({ cpuUs }) => cpuUs)),
    foreignShare: toMedianKnown(runs.map(({ foreignShare }) => foreignShare)),
    extra: Object.fromEntries(
      [...names].map((name) => [name, toMedian(runs.flatMap(({ extra }) => extra[name] ?? []))]),
    ),
  };
}

function toMedianLatency(all: readonly (Latency | null)[]): Latency | null {
  const known = all.filter((latency) => latency !== null);
  if (known.length === 0) return null;
  return {
    p50Ms: toMedian(known.map(({ p50Ms }) => p50Ms)),
    p99Ms: toMedian(known.map(({ p99Ms }) => p99Ms)),
  };
}

function toMedianCpu(all: readonly CpuUs[]): CpuUs {
  const groups = CPU_GROUPS.filter((group) => all.some((used) => group in used));
  return Object.fromEntries(
    groups.map((group) => {
      return [group, toMedianKnown(all.map((used) => used[group]))];
    }),
  );
}

function toMedianKnown(all: readonly (number | null | undefined)[]): number | null {
  const known = all.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : toMedian(known);
}
