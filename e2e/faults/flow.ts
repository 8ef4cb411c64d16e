import { setTimeout as pause } from 'node:timers/promises';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { Db } from 'mongodb';
import type { FaultApp } from './cluster-apps.ts';
import type { Traffic } from './traffic.ts';

/** The promise: work flows again within 60 s of a dependency's return. */
export const FLOW_WITHIN_MS = 60_000;

/** How long a probe may wait its turn behind a backlog, as long as that is being worked off. */
const BACKLOG_WITHIN_MS = 600_000;

const AGAIN_MS = 200;

/**
 * Sends a probe through each ingest and returns after how many ms all are stored; undefined when an ingest takes none for
 * 60 s, when nothing at all is stored for 60 s, or when a probe is passed over for 10 minutes while other events are stored.
 */
export async function probeFlow(
  traffic: Traffic,
  ingests: readonly FaultApp[],
  db: Db,
): Promise<number | undefined> {
  const startMs = performance.now();
  const progress = watchProgress(db, startMs);
  const found = await Promise.all(ingests.map((ingest) => probe(ingest)));
  return found.every(Boolean) ? performance.now() - startMs : undefined;

  async function probe(ingest: FaultApp): Promise<boolean> {
    const request = traffic.maker.fresh('probe');
    let id: string | undefined;
    while (mayWait(id !== undefined)) {
      if (id === undefined) {
        const answer = await traffic.send(request, ingest);
        if (answer.kind === 'ok') id = answer.id;
      } else if (await isStored(db, id)) return true;
      await progress.look();
      await pause(AGAIN_MS);
    }
    return false;
  }

  function mayWait(isAccepted: boolean): boolean {
    const nowMs = performance.now();
    if (nowMs - startMs < FLOW_WITHIN_MS) return true;
    return isAccepted && nowMs - progress.lastMs() < FLOW_WITHIN_MS && nowMs - startMs < BACKLOG_WITHIN_MS;
  }
}

/** Notes when the number of stored events was last seen to grow. */
function watchProgress(db: Db, startMs: number) {
  let most = Number.POSITIVE_INFINITY;
  let lastMs = startMs;
  return {
    lastMs: () => lastMs,
    async look() {
      const stored = await countStored(db);
      if (stored > most) lastMs = performance.now();
      if (!Number.isNaN(stored)) most = stored;
    },
  };
}

/** Not a number while MongoDB does not answer: then nothing can be said of that time. */
async function countStored(db: Db): Promise<number> {
  try {
    return await db.collection('raw_events').estimatedDocumentCount({ maxTimeMS: 1000 });
  } catch {
    return Number.NaN;
  }
}

async function isStored(db: Db, _id: string): Promise<boolean> {
  try {
    const raw = db.collection<RawEventDocument>('raw_events');
    return (await raw.countDocuments({ _id, status: 'normalized' }, { maxTimeMS: 1000 })) === 1;
  } catch {
    // MongoDB is not there yet: asked again until time is over.
    return false;
  }
}
