import { setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';

/** How far apart the copies arrived, in ms. */
const APART_MS = 100;

type Raw = { readonly _id: string; readonly status: string; readonly receivedAt: Date };

/**
 * Stores copies of an event behind the service's back, received one after the other, so that there are so many of its source: to send
 * them would take a minute. The ledger does not know of them.
 *
 * @throws Error when the event is not normalized within 30 s
 */
export async function storeCopies(db: Db, likeId: string, count: number): Promise<void> {
  const events = db.collection<Raw>('raw_events');
  const like = await waitUntilNormalized();
  const startMs = like.receivedAt.getTime();
  const copies = Array.from({ length: count - 1 }, (_, at) => ({
    ...like,
    _id: `evt_${(at + 1).toString(16).padStart(32, '0')}`,
    receivedAt: new Date(startMs - (at + 1) * APART_MS),
  }));
  await events.insertMany(copies);

  async function waitUntilNormalized(): Promise<Raw> {
    for (const endMs = Date.now() + 30_000; Date.now() < endMs; await pause(50)) {
      const found = await events.findOne({ _id: likeId });
      if (found?.status === 'normalized') return found;
    }
    throw new Error(`${likeId} is not normalized after 30 s.`);
  }
}
