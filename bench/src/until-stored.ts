import { setTimeout as pause } from 'node:timers/promises';
import type { Collection } from 'mongodb';
import { CountsOffError } from './case.ts';

/** How long nothing may be stored before it is given up. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

/** How long a write that is acknowledged may stay invisible. */
const VISIBLE_MS = 5_000;

/**
 * Waits until a collection has that many documents, asking only for its own count, which costs nothing but may be a
 * transaction ahead: count the documents afterwards.
 *
 * @throws CountsOffError after a minute without progress
 */
export async function untilStored(collection: Collection, wanted: number): Promise<void> {
  let most = -1;
  let until = 0;
  for (;;) {
    const count = await collection.estimatedDocumentCount();
    if (count >= wanted) return;
    if (count > most) {
      most = count;
      until = performance.now() + PATIENCE_MS;
    }
    if (performance.now() > until) {
      throw new CountsOffError(`${wanted} events were accepted, and for a minute only ${count} are stored.`);
    }
    await pause(LOOK_MS);
  }
}

/**
 * Checks that a collection holds exactly so many documents.
 *
 * @throws CountsOffError after 5 s
 */
export async function checkStored(collection: Collection, wanted: number): Promise<void> {
  const until = performance.now() + VISIBLE_MS;
  for (;;) {
    const count = await collection.countDocuments();
    if (count === wanted) return;
    if (performance.now() > until) {
      throw new CountsOffError(
        `${wanted} events were accepted, the collection ${collection.collectionName} has ${count}.`,
      );
    }
    await pause(LOOK_MS);
  }
}
