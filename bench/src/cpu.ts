import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The processes that an event passes on its way into MongoDB. */
const PATH_GROUPS = ['http', 'worker', 'redis', 'mongod'] as const;

/**
 * All processes of a case by what they do: `live` follows what is stored, `backup` is the MongoDB that is copied to and
 * whoever copies, `rest` is api and scheduler.
 */
export const CPU_GROUPS = ['generator', ...PATH_GROUPS, 'live', 'backup', 'rest'] as const;
export type CpuGroup = (typeof CPU_GROUPS)[number];

/** Processor time by group, in µs; null where it cannot be read, none where a case has no such process. */
export type CpuUs = Partial<Record<CpuGroup, number | null>>;

/** The processes of each group. */
export type CpuPids = Partial<Record<CpuGroup, readonly number[]>>;

/** What the processors did for a case. */
export type CpuFigures = {
  /** Per event. */
  readonly cpuUs: CpuUs;
  /**
   * The share of the machine's processors that other programs used meanwhile, or that its host took away: above a few
   * hundredths the case was disturbed. Null where it cannot be read.
   */
  readonly foreignShare: number | null;
};

/** Linux counts a process's time in hundredths of a second: fine over seconds. */
const TICK_US = 10_000;

/**
 * Begins to measure what each group uses of the processors; the function that it returns reads it, given the number
 * of events that it was used for. Children that a process has ended count as its own (Redis rewrites its file in one).
 * Only Linux tells these times; elsewhere all are null.
 *
 * @throws Error when a process has ended
 */
export function startCpuClock(groups: CpuPids): (events: number) => CpuFigures {
  const before = readClocks(groups);
  return (events) => {
    const after = readClocks(groups);
    const used = CPU_GROUPS.filter((group) => group in groups).map(
      (group) => [group, subtract(after.groups[group], before.groups[group])] as const,
    );
    const busyUs = subtract(after.busyUs, before.busyUs);
    const ownUs = used.reduce((sum, [, us]) => sum + (us ?? 0), after.selfUs - before.selfUs);
    const machineUs = (after.nowMs - before.nowMs) * 1000 * cpus().length;
    return {
      cpuUs: Object.fromEntries(used.map(([group, us]) => [group, us === null ? null : us / events])),
      foreignShare: busyUs === null ? null : Math.max(0, (busyUs - ownUs) / machineUs),
    };
  };
}

/** Sums what the path of an event used: http, worker, Redis and MongoDB; null where it was not measured. */
export function sumPath(used: CpuUs): number | null {
  return PATH_GROUPS.reduce<number | null>((sum, group) => {
    const us = used[group];
    if (us === undefined) return sum;
    return sum === null || us === null ? null : sum + us;
  }, 0);
}

function readClocks(groups: CpuPids) {
  const { user, system } = process.cpuUsage();
  return {
    nowMs: performance.now(),
    selfUs: user + system,
    busyUs: readMachineUs(),
    groups: Object.fromEntries(
      Object.entries(groups).map(([group, pids]) => [
        group,
        pids.map(readProcessUs).reduce((sum, us) => (sum === null || us === null ? null : sum + us), 0),
      ]),
    ) as CpuUs,
  };
}

function readProcessUs(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5), from the third field on: utime, stime, cutime and cstime are the fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return toUs(fields.slice(11, 15));
}

/** Reads what all processors did but wait: user, nice, system, irq, softirq and steal (proc_stat(5)). */
function readMachineUs(): number | null {
  if (process.platform !== 'linux') return null;
  const [user = '', nice = '', system = '', , , irq = '', softirq = '', steal = ''] =
    /^cpu +(.+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ') ?? [];
  return toUs([user, nice, system, irq, softirq, steal]);
}

function toUs(ticks: readonly string[]): number {
  return ticks.reduce((sum, text) => sum + Number(text), 0) * TICK_US;
}

function subtract(after: number | null | undefined, before: number | null | undefined): number | null {
  return typeof after === 'number' && typeof before === 'number' ? after - before : null;
}
