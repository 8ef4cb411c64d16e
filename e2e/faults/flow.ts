import { setTimeout as pause } from 'node:timers/promises';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { Db } from 'mongodb';
import type { FaultApp } from './cluster-apps.ts';
import type { Traffic } from './traffic.ts';

/** The promise: work flows again within 60 s of a dependency's return. */
export const FLOW_WITHIN_MS = 60_000;

const AGAIN_MS = 200;

/** Sends a probe through each ingest and returns after how many ms all are stored; undefined after 60 s. */
export async function probeFlow(
  traffic: Traffic,
  ingests: readonly FaultApp[],
  db: Db,
): Promise<number | undefined> {
  const startMs = performance.now();
  const untilMs = startMs + FLOW_WITHIN_MS;
  const found = await Promise.all(ingests.map((ingest) => probe(ingest)));
  return found.every(Boolean) ? performance.now() - startMs : undefined;

  async function probe(ingest: FaultApp): Promise<boolean> {
    const request = traffic.maker.fresh('probe');
    let id: string | undefined;
    while (performance.now() < untilMs) {
      if (id === undefined) {
        const answer = await traffic.send(request, ingest);
        if (answer.kind === 'ok') id = answer.id;
      } else if (await isStored(db, id)) return true;
      await pause(AGAIN_MS);
    }
    return false;
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
