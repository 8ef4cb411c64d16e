import type { Figures } from './case.ts';
import { CPU_GROUPS, type CpuUs } from './cpu.ts';
import type { Latency } from './load/latencies.ts';
import { toMedian } from './median.ts';

/** Returns the median of each figure, of two their mean. @throws RangeError for none */
export function toMedianFigures(runs: readonly Figures[]): Figures {
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
