import { readFile } from 'node:fs/promises';
import type { FaultApp } from './cluster-apps.ts';

/** Watches how much memory the apps use. */
export type MemoryWatch = {
  /** Returns the most that each app was seen to use, in bytes. */
  readonly read: () => ReadonlyMap<string, number>;
  readonly stop: () => void;
};

const LOOK_MS = 1000;

/** Starts to look at the resident memory of every app, once a second; on systems without `/proc` it sees nothing. */
export function watchMemory(apps: readonly FaultApp[]): MemoryWatch {
  const most = new Map<string, number>();

  async function look(app: FaultApp): Promise<void> {
    const status = await readFile(`/proc/${app.pid()}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    most.set(app.label, Math.max(most.get(app.label) ?? 0, kilobytes * 1024));
  }

  const timer = setInterval(() => void Promise.all(apps.map(look)), LOOK_MS);
  return { read: () => most, stop: () => clearInterval(timer) };
}
