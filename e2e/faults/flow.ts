import { setTimeout as pause } from 'node:timers/promises';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { Db } from 'mongodb';
import type { FaultApp } from './cluster-apps.ts';
import type { Traffic } from './traffic.ts';

/** The promise: work flows again within 60 s of a dependency's return. A probe waits its turn behind what came before. */
export const FLOW_WITHIN_MS = 60_000;

const AGAIN_MS = 200;

/** As long as more than this many times the steady load is stored, a backlog is being worked off. */
const BACKLOG_FACTOR = 2;

/**
 * Sends a probe through each ingest and returns after how many ms all are stored; undefined when in some 60 s neither
 * they nor a backlog before them were.
 */
export async function probeFlow(
  traffic: Traffic,
  ingests: readonly FaultApp[],
  db: Db,
): Promise<number | undefined> {
  const startMs = performance.now();
  let untilMs = startMs + FLOW_WITHIN_MS;
  let stored = await countStored(db);
  let asking: Promise<boolean> | undefined;
  const found = await Promise.all(ingests.map((ingest) => probe(ingest)));
  return found.every(Boolean) ? performance.now() - startMs : undefined;

  async function probe(ingest: FaultApp): Promise<boolean> {
    const request = traffic.maker.fresh('probe');
    let id: string | undefined;
    while (performance.now() < untilMs || (await hasMoreTime())) {
      if (id === undefined) {
        const answer = await traffic.send(request, ingest);
        if (answer.kind === 'ok') id = answer.id;
      } else if (await isStored(db, id)) return true;
      await pause(AGAIN_MS);
    }
    return false;
  }

  /** Asked by each probe when time is over: another 60 s begin for all, if much was stored in those that ended. */
  function hasMoreTime(): Promise<boolean> {
    asking ??= askForTime().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function askForTime(): Promise<boolean> {
    const before = stored;
    stored = await countStored(db);
    const isBacklog = stored - before > (BACKLOG_FACTOR * traffic.perSecond * FLOW_WITHIN_MS) / 1000;
    if (isBacklog) untilMs = performance.now() + FLOW_WITHIN_MS;
    return isBacklog;
  }
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
