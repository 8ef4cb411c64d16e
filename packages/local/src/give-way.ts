import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** About a tenth of what an ordinary process gets where both want all there is. */
const NICENESS = 10;

/**
 * Makes a process that has just been started, in a session of its own (`detached`), give way to all others: what it copies can wait, and takes the processor while
 * nobody else wants it. On Linux its threads begin as its first one is, and where sessions share the processor
 * (`sched_autogroup_enabled`), its session gives way too. Where the system does not allow it, nothing is changed.
 */
export function giveWay(pid: number): void {
  try {
    setPriority(pid, NICENESS);
    writeFileSync(`/proc/${pid}/autogroup`, `${NICENESS}`);
  } catch {
    // It may have ended already, or this is another system: it then only is no more polite than the others.
  }
}
