import { setTimeout as pause } from 'node:timers/promises';
import { freeze, thaw } from '@sluice/local/freeze';
import type { Random } from '@sluice/local/random';
import type { Say } from '@sluice/local/say';
import type { Interference } from '../faults/fault-proxy.ts';
import type { BackupStack } from './backup-stack.ts';

/** What harm may last, in ms. */
const SHORT_MS = 500;
const LONG_MS = 12_000;

/** Between two faults at most: now and then the next one meets what has not recovered yet. */
const REST_MS = 4000;

type Fault = { readonly name: string; readonly harm: (forMs: number) => Promise<void> };

/** Does harm at random until `untilMs` (of `performance.now()`), undoes it, and returns how often. */
export async function doHarm(
  stack: BackupStack,
  { random, untilMs, say, signal }: { random: Random; untilMs: number; say: Say; signal: AbortSignal },
): Promise<number> {
  const { backup, proxy, replicators } = stack;
  const rest = (ms: number) => pause(ms, undefined, { signal }).catch(() => undefined);

  const interfere = (name: string, how: Interference): Fault => ({
    name,
    async harm(forMs) {
      proxy.interfere(how);
      await rest(forMs);
      proxy.interfere({ kind: 'none' });
    },
  });

  async function stopRunning(pids: readonly number[], forMs: number): Promise<void> {
    await freeze(pids);
    await rest(forMs);
    thaw(pids);
  }

  const killBackup = async (): Promise<void> => {
    for (const pid of backup.pids()) process.kill(pid, 'SIGKILL');
  };
  const toPids = (apps: typeof replicators) =>
    apps.map((app) => app.pid()).filter((pid) => pid !== undefined);

  const faults: readonly [Fault, ...Fault[]] = [
    interfere('network to the backup cut', { kind: 'refuse' }),
    interfere('network to the backup a black hole', { kind: 'black-hole' }),
    interfere('answers of the backup lost', { kind: 'lose-replies' }),
    interfere('network to the backup slow', { kind: 'delay', ms: 100 }),
    { name: 'connections to the backup cut', harm: async () => proxy.cut() },
    { name: 'backup killed', harm: killBackup },
    { name: 'backup frozen', harm: (forMs) => stopRunning(backup.pids(), forMs) },
    {
      name: 'a replicator killed',
      harm: () => random.pick([...replicators] as [(typeof replicators)[number]]).kill('SIGKILL'),
    },
    { name: 'replicators ended', harm: async () => void (await killAll('SIGTERM')) },
    { name: 'replicators frozen', harm: (forMs) => stopRunning(toPids(replicators), forMs) },
    { name: 'a replicator frozen', harm: (forMs) => stopRunning(toPids(replicators.slice(0, 1)), forMs) },
    {
      name: 'backup and replicators killed',
      harm: async () => void (await Promise.all([killBackup(), killAll('SIGKILL')])),
    },
  ];

  async function killAll(how: NodeJS.Signals): Promise<void> {
    await Promise.all(replicators.map((app) => app.kill(how)));
  }

  let count = 0;
  // Each fault once in an order of its own, then anew, so that a short run meets as many as it can.
  for (let left: Fault[] = []; performance.now() < untilMs && !signal.aborted; count += 1) {
    if (left.length === 0) left = random.shuffle(faults);
    const fault = left.pop();
    if (fault === undefined) break;
    const forMs = Math.min(random.whole(SHORT_MS, LONG_MS), Math.max(SHORT_MS, untilMs - performance.now()));
    say(fault.name);
    await fault.harm(forMs);
    await rest(random.whole(0, REST_MS));
  }
  proxy.interfere({ kind: 'none' });
  proxy.cut();
  return count;
}
