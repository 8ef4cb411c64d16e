import { readFileSync } from 'node:fs';

/** Reads how much memory a process holds, in MiB (its resident set); null where there is no `/proc`. */
export function readMemoryMiB(pid: number): number | null {
  return readStatusMiB(pid, 'VmRSS');
}

/** Reads the most memory that a process has held since it began, in MiB; null where there is no `/proc`. */
export function readPeakMemoryMiB(pid: number): number | null {
  return readStatusMiB(pid, 'VmHWM');
}

function readStatusMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number | null {
  if (process.platform !== 'linux') return null;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}
