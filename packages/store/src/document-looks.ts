/**
 * Questions of the api about documents of both sides. Only replicators reach the backup, so one of them answers:
 *
 *  1. The api leaves a question in `resume_tokens`, which is never copied, and looks for the answer until its time is over.
 *  2. Any replicator takes it and writes the answer to it.
 *  3. The api takes both away. What it left behind, answered or not, because it ended, a replicator takes away later.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { LookAnswer } from '@sluice/contracts/sync-differences';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** What is asked: a document by its collection and its `_id` as Extended JSON. */
export type Look = { readonly _id: string; readonly collection: string; readonly documentId: string };

/** Questions about documents of both sides, and their answers. Every call rejects with DependencyAwayError. */
export type DocumentLooks = {
  /** Asks, and waits for the answer; null when no replicator gave one within `patienceMs`. */
  ask(collection: string, documentId: string, patienceMs: number): Promise<LookAnswer | null>;
  /** Returns the questions that have no answer yet, and takes away those that nobody waits for any more. */
  take(): Promise<readonly Look[]>;
  /** Answers a question; one that is gone by now is left alone. */
  answer(look: Look, answer: LookAnswer): Promise<void>;
};

type LookDocument = Look & { readonly at: Date; readonly answer?: LookAnswer };

const PREFIX = 'look-';
const LOOKS = { _id: { $gte: PREFIX, $lt: 'look.' } };
const LOOK_EVERY_MS = 50;
/** The api gives up long before. */
const FORGOTTEN_MS = 60_000;
const MAX_TAKEN = 20;

/** Creates the place of the questions; `timeoutMs` is the connection's operation timeout by default. */
export function createDocumentLooks(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): DocumentLooks {
  const looks = connection.db.collection<LookDocument>('resume_tokens');

  async function ask(
    collection: string,
    documentId: string,
    patienceMs: number,
  ): ReturnType<DocumentLooks['ask']> {
    const untilMs = performance.now() + patienceMs;
    const _id = `${PREFIX}${randomUUID()}`;
    await within(timeoutMs, (signal) =>
      looks.insertOne({ _id, collection, documentId, at: new Date() }, toWriteOptions(signal)),
    );
    try {
      while (performance.now() < untilMs) {
        const found = await within(timeoutMs, (signal) => looks.findOne({ _id }, { signal }));
        if (found === null) return null;
        if (found.answer !== undefined) return found.answer;
        await pause(LOOK_EVERY_MS);
      }
      return null;
    } finally {
      await forget(_id);
    }
  }

  /** Takes a question away; where that fails `take` does so later, and the answer counts all the same. */
  async function forget(_id: string): Promise<void> {
    try {
      await within(timeoutMs, (signal) => looks.deleteOne({ _id }, toWriteOptions(signal)));
    } catch (error) {
      if (!(error instanceof DependencyAwayError)) throw error;
    }
  }

  async function take(): Promise<readonly Look[]> {
    const before = new Date(Date.now() - FORGOTTEN_MS);
    const filter = { ...LOOKS, $or: [{ answer: { $exists: false } }, { at: { $lt: before } }] };
    const found = await within(timeoutMs, (signal) =>
      looks.find(filter, { signal, limit: MAX_TAKEN, projection: { answer: 0 } }).toArray(),
    );
    if (found.some(({ at }) => at < before)) {
      await within(timeoutMs, (signal) =>
        looks.deleteMany({ ...LOOKS, at: { $lt: before } }, toWriteOptions(signal)),
      );
    }
    return found.filter(({ at }) => at >= before);
  }

  async function answer({ _id }: Look, given: LookAnswer): Promise<void> {
    await within(timeoutMs, (signal) =>
      looks.updateOne({ _id }, { $set: { answer: given } }, toWriteOptions(signal)),
    );
  }

  return { ask, take, answer };
}
