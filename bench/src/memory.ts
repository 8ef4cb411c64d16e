import { readFileSync } from 'node:fs';

/** Reads how much memory a process holds, in MiB (its resident set); null where there is no `/proc`. */
export function readMemoryMiB(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}
