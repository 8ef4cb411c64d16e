import { setTimeout as pause } from 'node:timers/promises';
import { type Stats, statsSchema } from '@sluice/contracts/api';
import type { Db } from 'mongodb';
import type { Cluster } from './cluster.ts';
import type { Losses } from './losses.ts';
import { toIdPrint } from './print.ts';

/** What is left when everything had time to end. */
export type Drained = {
  readonly isDone: boolean;
  readonly tookMs: number;
  readonly left: string;
  readonly stats: Stats | undefined;
};

const LOOK_MS = 500;

/** Waits until nothing is under way: no job waits or runs, the inbox is empty, every event is final. */
export async function drain(cluster: Cluster, db: Db, losses: Losses, withinMs: number): Promise<Drained> {
  const startMs = performance.now();
  for (;;) {
    const { left, stats } = await look(cluster, db, losses);
    const tookMs = performance.now() - startMs;
    if (left === '' || tookMs > withinMs) return { isDone: left === '', tookMs, left, stats };
    await pause(LOOK_MS);
  }
}

async function look(
  cluster: Cluster,
  db: Db,
  losses: Losses,
): Promise<{ left: string; stats: Stats | undefined }> {
  try {
    const jobs = await countJobs(cluster);
    const inbox = await db.collection('inbox').countDocuments();
    const open = await listOpen(db);
    const stats = statsSchema.parse(await (await fetch(new URL('/api/events/stats', cluster.apiUrl))).json());
    const { inFlight } = stats.ledger;
    const parts = {
      ...jobs,
      inbox,
      open: open.filter((id) => !losses.events.has(toIdPrint(id))).length,
      inFlight: Math.max(0, inFlight - open.length),
    };
    const left = Object.entries(parts).filter(([, count]) => count > 0);
    return { left: left.map(([name, count]) => `${name} ${count}`).join(', '), stats };
  } catch (error) {
    return { left: `no answer: ${String(error)}`, stats: undefined };
  }
}

async function listOpen(db: Db): Promise<string[]> {
  const found = db
    .collection<{ _id: string }>('raw_events')
    .find({ status: { $in: ['pending', 'failed'] } }, { projection: { _id: 1 } });
  return (await found.toArray()).map(({ _id }) => _id);
}

/** Asks Redis itself, past BullMQ and the api; all at one moment, for jobs go from one list to the other. */
function countJobs({ redis, prefix }: Cluster): Promise<Record<'active' | 'waiting' | 'delayed', number>> {
  const key = (name: string): string => `${prefix}:events:${name}`;
  return redis.ask(async (client) => {
    const asked = client.multi().llen(key('active')).llen(key('wait')).zcard(key('delayed'));
    const [active = 0, waiting = 0, delayed = 0] = ((await asked.exec()) ?? []).map(([error, count]) => {
      if (error !== null) throw error;
      return Number(count);
    });
    return { active, waiting, delayed };
  });
}
