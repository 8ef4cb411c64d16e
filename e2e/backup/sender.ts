import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@sluice/local/random';
import type { Db, Document } from 'mongodb';

const TICK_MS = 100;
const DEVICES = 500;
const SOURCES = ['icu', 'ward', 'lab', 'shop'] as const;

/** Ids of the documents that are written past the service. */
const FOREIGN_IDS = 200;

/** Sends events to ingest at a rate, until the signal is aborted; returns how many were accepted. */
export async function sendEvents({
  ingestUrl,
  perSecond,
  random,
  signal,
}: {
  readonly ingestUrl: string;
  readonly perSecond: number;
  readonly random: Random;
  readonly signal: AbortSignal;
}): Promise<number> {
  const sending = new Set<Promise<void>>();
  const startedMs = performance.now();
  let made = 0;
  let accepted = 0;

  async function send(items: readonly Document[]): Promise<void> {
    const response = await fetch(new URL('/api/events/batch', ingestUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(items),
    });
    const answer = (await response.json()) as { readonly accepted?: number };
    accepted += answer.accepted ?? 0;
  }

  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond) - made;
    if (due > 0) {
      const items = Array.from({ length: due }, (_, n) => toItem(made + n, random));
      made += due;
      const one = send(items).finally(() => sending.delete(one));
      sending.add(one);
    }
    await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(sending);
  return accepted;
}

function toItem(n: number, random: Random): Document {
  const payload = {
    deviceId: `D-${random.whole(1, DEVICES)}`,
    heartRate: random.whole(40, 180),
    breathRate: random.whole(8, 30),
    timestamp: 1_767_323_045 + n,
    // Now and then the same record once more, and now and then what no mapping can read.
    note: random.whole(0, 50) === 0 ? 'repeat' : `n ${n}`,
  };
  return { source: random.pick(SOURCES), payload };
}

/** Writes to a collection of its own by the native driver, bulks and deletes included, until the signal is aborted. */
export async function writePast(db: Db, random: Random, signal: AbortSignal): Promise<void> {
  const collection = db.collection<{ _id: number | string; n?: number }>('written_past');
  for (let n = 0; !signal.aborted; n += 1) {
    const _id = random.whole(1, FOREIGN_IDS);
    const write = random.whole(0, 4);
    if (write === 0) await collection.deleteOne({ _id });
    else if (write === 1) await collection.deleteMany({ _id: { $gt: _id, $lt: _id + 5 } });
    else if (write === 2)
      await collection.updateMany({ _id: { $gt: _id, $lt: _id + 20 } }, { $inc: { n: 1 } });
    else await collection.replaceOne({ _id }, { n }, { upsert: true });
    await pause(random.whole(1, TICK_MS), undefined, { signal }).catch(() => undefined);
  }
}
