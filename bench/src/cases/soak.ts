import { METRIC } from '../bodies.ts';
import type { Case } from '../case.ts';
import type { CpuPids } from '../cpu.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { toMedian } from '../median.ts';
import { readMemoryMiB } from '../memory.ts';
import { startSluice } from '../sluice.ts';

const SECONDS = 600;
const QUICK_SECONDS = 60;

/** What this case finds beside the usual; the names are those of the figures in `extra`. */
export const SOAK_EXTRA = {
  largestMiB: 'largest Node process, MiB',
  growth: 'memory at the end / at the beginning',
} as const;

/**
 * Ten minutes at half of what it stores at most: the memory of each Node process, read every second. Its growth is the
 * median of the last third over that of the first, of the process that grew most.
 */
export const soak: Case = {
  rows: ['soak'],
  besideNoop: false,
  isLong: true,
  async run(context) {
    const sluice = await startSluice(context, 'always');
    await sluice.addWorkers(1);
    const full = await measureEndToEnd(sluice, { ...METRIC, seconds: context.seconds });
    const perSecond = Math.floor(full.figures.perSecond / 2);
    const memory = new Map<string, number[]>();
    const { figures } = await measureEndToEnd(
      sluice,
      {
        ...METRIC,
        from: full.load.sent,
        seconds: context.isQuick ? QUICK_SECONDS : SECONDS,
        perSecond,
      },
      { storedBefore: full.load.accepted, onSecond: () => readMemory(sluice.pids(), memory) },
    );
    return { soak: { ...figures, extra: { ...figures.extra, ...describeMemory(memory) } } };
  },
};

function readMemory({ redis: _, mongod: __, ...node }: CpuPids, into: Map<string, number[]>): void {
  for (const [group, pids] of Object.entries(node)) {
    for (const [index, pid] of pids.entries()) {
      const mib = readMemoryMiB(pid);
      const name = index === 0 ? group : `${group} ${index + 1}`;
      if (mib !== null) into.set(name, [...(into.get(name) ?? []), mib]);
    }
  }
}

function describeMemory(memory: ReadonlyMap<string, readonly number[]>): Record<string, number> {
  if (memory.size === 0) return {};
  const largest = [...memory].map(([name, samples]) => [name, Math.max(...samples)] as const);
  const growths = [...memory.values()].map((samples) => {
    const third = Math.max(1, Math.floor(samples.length / 3));
    return toMedian(samples.slice(-third)) / toMedian(samples.slice(0, third));
  });
  return {
    [SOAK_EXTRA.largestMiB]: Math.max(...largest.map(([, mib]) => mib)),
    [SOAK_EXTRA.growth]: Math.max(...growths),
    ...Object.fromEntries(largest.map(([name, mib]) => [`MiB of ${name}`, mib])),
  };
}
