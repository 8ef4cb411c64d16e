import { readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second. */
const TICK_US = 10_000;

/** Reads how much processor time some processes have used, in microseconds (Linux). */
function readCpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_US;
  }, 0);
}

/** Names groups of processes and measures what each group uses from now until `read`. */
export function startCpuClock<Group extends string>(
  groups: Readonly<Record<Group, readonly number[]>>,
): { read(): Record<Group, number> } {
  const names = Object.keys(groups) as Group[];
  const before = new Map(names.map((name) => [name, readCpuUs(groups[name])]));
  return {
    read: () =>
      Object.fromEntries(
        names.map((name) => [name, readCpuUs(groups[name]) - (before.get(name) ?? 0)]),
      ) as Record<Group, number>,
  };
}
