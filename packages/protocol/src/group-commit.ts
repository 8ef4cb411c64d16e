/**
 * Accepting, from an event with its identity to the promise that it is kept.
 *
 *  1. `submit` joins the batch that is forming; an event whose id and content are already on their way joins them.
 *  2. While no batch is on its way to the queue, the forming batch leaves at the end of the event loop's turn: no timer.
 *     So at a light load a batch holds one event, under load what arrived during a round trip and with its end. A full
 *     batch leaves beside another one.
 *  3. Marks are read: an event accepted within the last hour is answered as a duplicate and not sent again. A mark
 *     with another content hash means a reused key: the event goes on under an id of its own, and is answered with it.
 *  4. The rest gets a number, without gaps, and travels as one job. Once the queue has it: marks, answers.
 *  5. A queue that refuses or is silent is left alone for a second; its batches go to the inbox, as do those whose
 *     first event has waited so long that only the inbox can still answer in time. What arrives meanwhile waits for the
 *     inbox as it waits for the queue, so that it leaves together. An unknown outcome is treated as not done: identity
 *     makes the second copy harmless, and a void receipt accounts for the number.
 *  6. Neither store took it: the answer is 503, and the number is voided as soon as the inbox can be written.
 */
import { ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import {
  type EventsJob,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  type Mark,
  toBatchJobId,
} from '@sluice/contracts/queues';
import { toConflictEventId } from '@sluice/normalizer/identity';
import { createContiguousHead } from './contiguous-head.ts';
import type { AcceptInbox, AcceptQueue } from './ports.ts';

/** How an event was kept: under which id, and whether it was known before. */
export type Kept = { readonly id: string; readonly duplicate: boolean };

/**
 * How far the batches of this process are kept: every one up to `seq`, holding `events` events; and how many
 * redeliveries were answered without being sent on.
 */
export type Head = { readonly seq: number; readonly events: number; readonly merged: number };

export type GroupCommit = {
  /**
   * Keeps an event.
   *
   * @throws ProblemException ERR_UNAVAILABLE when neither the queue nor the inbox took it, or too much waits already
   */
  submit(event: AcceptedEvent): Promise<Kept>;
  /** Tells how far the batches are kept. */
  head(): Head;
  /** Writes void receipts for batches that neither store confirmed; call it with every heartbeat. */
  voidUnconfirmed(): Promise<void>;
  /** Refuses new events and resolves once every event in hand is answered. */
  close(): Promise<void>;
};

export type GroupCommitOptions = {
  /** The id of this process, unique for ever. */
  readonly instance: string;
  readonly queue: AcceptQueue;
  readonly inbox: AcceptInbox;
  /** Milliseconds of a clock that nobody sets; `performance.now` by default. */
  readonly now?: () => number;
  /** Calls back at the end of the event loop's turn; `setImmediate` by default. */
  readonly soon?: (callback: () => void) => void;
  /** Batches under way at once; 2 by default. */
  readonly maxInFlight?: number;
  /** How long a queue that failed is left alone; 1,000 by default. */
  readonly queueRestMs?: number;
  /**
   * How long after an event came the queue may still be asked; 900 by default. With 600 for the queue's answer and
   * 1,000 for the inbox's, every event is answered 2.5 s after it came.
   */
  readonly queueShareMs?: number;
  /** How long after an event came the inbox may still be asked; 1,400 by default. */
  readonly inboxShareMs?: number;
  /** How many bytes of bodies and headers may wait for an answer at once; 64 MiB by default. */
  readonly maxWaitingBytes?: number;
  /** Told of every batch that left: how many events, and through which store. */
  readonly onBatch?: (sent: { readonly events: number; readonly by: 'queue' | 'inbox' | 'none' }) => void;
};

type Waiting = {
  /** As it came; with an id that includes its content, once it is known that another body used its key first. */
  event: AcceptedEvent;
  /** The id as its key gives it. */
  readonly keyId: string;
  readonly bytes: number;
  readonly sinceMs: number;
  readonly promise: Promise<Kept>;
  readonly resolve: (kept: Kept) => void;
  readonly reject: (error: unknown) => void;
};

type Left = { readonly seq: number; readonly batch: readonly Waiting[] };

/** Creates the group commit of one accepting process. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { instance, queue, inbox, now = () => performance.now(), onBatch } = options;
  const { maxInFlight = 2, queueRestMs = 1000, queueShareMs = 900, inboxShareMs = 1400 } = options;
  const { maxWaitingBytes = 64 * 1024 * 1024 } = options;
  const soon = options.soon ?? ((callback: () => void) => void setImmediate(callback));
  const head = createContiguousHead();
  /** Those that go under the id of their key, by it. */
  const onTheirWay = new Map<string, Waiting>();
  /** Those whose key another body used first, by that key's id and their content: any number for one key. */
  const conflicting = new Map<string, Waiting>();
  const unconfirmed = new Set<number>();
  let forming: Waiting[] = [];
  let inFlight = 0;
  let inInbox = 0;
  let isLeaving = false;
  let waitingBytes = 0;
  let lastSeq = 0;
  let merged = 0;
  let queueRestsUntil = Number.NEGATIVE_INFINITY;
  let closing = false;
  let whenIdle: (() => void) | undefined;

  function submit(event: AcceptedEvent): Promise<Kept> {
    if (closing) return Promise.reject(unavailable('This process is about to stop.'));
    const first = onTheirWay.get(event.eventId);
    const twin = first?.event.contentHash === event.contentHash ? first : findConflicting(event);
    if (twin !== undefined) return twin.promise.then(({ id }) => toMerged(id));
    const bytes = countBytes(event);
    if (waitingBytes > 0 && waitingBytes + bytes > maxWaitingBytes) {
      return Promise.reject(unavailable('More events wait for the stores than this process can hold.'));
    }
    waitingBytes += bytes;
    const waiting = toWaiting(event, bytes, now());
    if (first === undefined) onTheirWay.set(event.eventId, waiting);
    else setApart(waiting);
    forming.push(waiting);
    sendForming();
    return waiting.promise;
  }

  function findConflicting({ eventId, contentHash }: AcceptedEvent): Waiting | undefined {
    return conflicting.size === 0 ? undefined : conflicting.get(eventId + contentHash);
  }

  function setApart(waiting: Waiting): void {
    const { keyId, event } = waiting;
    if (event.eventId !== keyId) return;
    waiting.event = toConflict(event);
    conflicting.set(keyId + event.contentHash, waiting);
  }

  function toMerged(id: string): Kept {
    merged += 1;
    return { id, duplicate: true };
  }

  function sendForming(): void {
    if (isLeaving || forming.length === 0 || !mayLeave()) return;
    isLeaving = true;
    soon(sendNow);
  }

  function sendNow(): void {
    isLeaving = false;
    while (forming.length > 0 && mayLeave()) {
      void sendBatch(takeBatch()).finally(sendOrSettle);
    }
  }

  /** Beside another one only a full batch leaves: half the jobs at twice the size cost far less. */
  function mayLeave(): boolean {
    const under = isResting() ? inInbox : inFlight;
    return under === 0 || (forming.length >= MAX_BATCH_EVENTS && under < maxInFlight);
  }

  function isResting(): boolean {
    return now() < queueRestsUntil;
  }

  function takeBatch(): Waiting[] {
    let count = 0;
    let total = 0;
    for (const { bytes } of forming) {
      total += bytes;
      if (count === MAX_BATCH_EVENTS || (count > 0 && total > MAX_BATCH_BYTES)) break;
      count += 1;
    }
    if (count === forming.length) {
      const all = forming;
      forming = [];
      return all;
    }
    return forming.splice(0, count);
  }

  /** Answers every waiting request; rejects only by a fault of our own, which nobody waits for. */
  async function sendBatch(batch: readonly Waiting[]): Promise<void> {
    const left = isResting() ? { seq: 0, batch } : await tryQueue(batch);
    if (left !== null) {
      await sendToInbox(left.seq === 0 ? nextSeq() : left.seq, left.batch);
    }
  }

  /** Returns what the queue did not confirm, with its number if it has one; null when nothing is left. */
  async function tryQueue(batch: readonly Waiting[]): Promise<Left | null> {
    inFlight += 1;
    let fresh = batch;
    let seq = 0;
    try {
      expectTime(batch, queueShareMs);
      fresh = answerKnown(batch, await queue.readMarks(batch.map(({ keyId }) => keyId)));
      if (fresh.length === 0) return null;
      expectTime(batch, queueShareMs);
      seq = nextSeq();
      await sendToQueue(seq, fresh);
    } catch {
      // The reason does not matter here: whatever it was, the queue did not confirm.
      queueRestsUntil = now() + queueRestMs;
      return { seq, batch: fresh };
    } finally {
      inFlight -= 1;
    }
    settleQueued(seq, fresh);
    return null;
  }

  /** Throws when the first of a batch has waited too long to try a store. */
  function expectTime([first]: readonly Waiting[], shareMs: number): void {
    const waitedMs = first === undefined ? 0 : Math.round(now() - first.sinceMs);
    if (waitedMs > shareMs) throw new Error(`The stores were too slow: an event waited ${waitedMs} ms.`);
  }

  function nextSeq(): number {
    lastSeq += 1;
    return lastSeq;
  }

  function answerKnown(batch: readonly Waiting[], marks: readonly (Mark | null)[]): readonly Waiting[] {
    return batch.filter((waiting, index) => {
      const mark = marks[index];
      if (mark === null || mark === undefined) return true;
      if (mark.contentHash === waiting.event.contentHash) {
        answer(waiting, toMerged(waiting.keyId));
        return false;
      }
      // It had come first, and is found to be known under the mark of another.
      if (onTheirWay.get(waiting.keyId) === waiting) onTheirWay.delete(waiting.keyId);
      setApart(waiting);
      return true;
    });
  }

  async function sendToQueue(seq: number, batch: readonly Waiting[]): Promise<void> {
    const jobId = toBatchJobId(instance, seq);
    const events = batch.map(({ event }) => event);
    const job: EventsJob = { envelope: 1, instance, seq, events };
    await queue.addBatch(jobId, job);
  }

  /** Answers before all else: what is in the queue is kept, whatever fails here. */
  function settleQueued(seq: number, batch: readonly Waiting[]): void {
    answerKept(batch);
    head.add(seq, batch.length);
    const jobId = toBatchJobId(instance, seq);
    queue.writeMarks(
      batch.map(({ event: { eventId, contentHash } }) => ({ eventId, mark: { jobId, contentHash } })),
    );
    onBatch?.({ events: batch.length, by: 'queue' });
  }

  async function sendToInbox(seq: number, batch: readonly Waiting[]): Promise<void> {
    inInbox += 1;
    sendForming();
    try {
      expectTime(batch, inboxShareMs);
      await inbox.insert({ instance, seq, events: batch.map(({ event }) => event) });
    } catch (cause) {
      const error = unavailable('Neither the queue nor the inbox can take the event now.', cause);
      for (const waiting of batch) {
        forget(waiting);
        waiting.reject(error);
      }
      unconfirmed.add(seq);
      onBatch?.({ events: batch.length, by: 'none' });
      return;
    } finally {
      inInbox -= 1;
    }
    answerKept(batch);
    head.add(seq, 0);
    onBatch?.({ events: batch.length, by: 'inbox' });
  }

  function answerKept(batch: readonly Waiting[]): void {
    for (const waiting of batch) answer(waiting, { id: waiting.event.eventId, duplicate: false });
  }

  function answer(waiting: Waiting, kept: Kept): void {
    forget(waiting);
    waiting.resolve(kept);
  }

  function forget(waiting: Waiting): void {
    const { keyId, event, bytes } = waiting;
    waitingBytes -= bytes;
    if (event.eventId === keyId) onTheirWay.delete(keyId);
    else conflicting.delete(keyId + event.contentHash);
  }

  async function voidUnconfirmed(): Promise<void> {
    for (const seq of [...unconfirmed]) {
      await inbox.insert({ instance, seq, events: [] });
      unconfirmed.delete(seq);
      head.add(seq, 0);
    }
  }

  function isIdle(): boolean {
    return onTheirWay.size === 0 && conflicting.size === 0;
  }

  function sendOrSettle(): void {
    sendForming();
    if (isIdle()) whenIdle?.();
  }

  async function close(): Promise<void> {
    closing = true;
    if (isIdle()) return;
    await new Promise<void>((resolve) => {
      whenIdle = resolve;
    });
  }

  return { submit, head: () => ({ ...head.read(), merged }), voidUnconfirmed, close };
}

function toWaiting(event: AcceptedEvent, bytes: number, sinceMs: number): Waiting {
  const { promise, resolve, reject } = Promise.withResolvers<Kept>();
  return { event, keyId: event.eventId, bytes, sinceMs, promise, resolve, reject };
}

function countBytes({ body, headers }: AcceptedEvent): number {
  let bytes = body.length;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0);
  return bytes;
}

/** Gives an event whose key was used before an id of its own, which the worker keeps whatever it meets first. */
function toConflict(event: AcceptedEvent): AcceptedEvent {
  const { tenant, source, idempotencyKey, contentHash } = event;
  const eventId = toConflictEventId(tenant, source, idempotencyKey, contentHash);
  return { ...event, eventId, conflictOf: event.eventId };
}

function unavailable(detail: string, cause?: unknown): ProblemException {
  return new ProblemException('ERR_UNAVAILABLE', detail, { retryAfterSeconds: 2, cause });
}
