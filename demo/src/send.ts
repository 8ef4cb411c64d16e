import { setTimeout as delay } from 'node:timers/promises';
import { acceptedSchema } from '@sluice/contracts/api';
import { PlainError } from '@sluice/contracts/plain-error';
import { z } from 'zod';
import type { Delivery } from './delivery.ts';

/** What a delivery was answered. `tries` counts requests: more than one after a 503, a 429 or a lost connection. */
export type Answer = { readonly tries: number } & (
  | { readonly kind: 'accepted'; readonly id: string; readonly duplicate: boolean }
  | { readonly kind: 'rejected'; readonly code: string }
);

/** How to send. */
export type SendOptions = {
  readonly ingestUrl: string;
  /** Requests under way at once; default 32. */
  readonly connections?: number;
  /** Told how many deliveries are answered so far. */
  readonly onAnswered: (count: number) => void;
  readonly signal: AbortSignal;
};

/** Thrown when a delivery was not answered, however often it was tried. */
class SendError extends PlainError {
  override readonly name = 'SendError';
}

const CONNECTIONS = 32;
const MAX_TRIES = 20;
const PAUSE_MS = 500;

const problemSchema = z.object({ code: z.string() });

/**
 * Sends deliveries over some connections, each as a real sender does: what is not answered for good is sent again.
 * Returns the answers in the order of the deliveries.
 *
 * @throws SendError when a delivery is not answered
 */
export async function sendAll(deliveries: readonly Delivery[], options: SendOptions): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = deliveries.entries();
  let answered = 0;

  async function sendNext(): Promise<void> {
    for (const [index, delivery] of queue) {
      answers[index] = await sendOne(delivery, options);
      answered += 1;
      options.onAnswered(answered);
    }
  }

  const connections = Math.min(options.connections ?? CONNECTIONS, deliveries.length);
  await Promise.all(Array.from({ length: connections }, sendNext));
  return answers;
}

async function sendOne(
  { path, headers, body }: Delivery,
  { ingestUrl, signal }: SendOptions,
): Promise<Answer> {
  let last = '';
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    try {
      const response = await fetch(`${ingestUrl}${path}`, { method: 'POST', headers, body, signal });
      const text = await response.text();
      if (response.status === 202)
        return { kind: 'accepted', tries, ...acceptedSchema.parse(JSON.parse(text)) };
      if (response.status !== 429 && response.status < 500) {
        return { kind: 'rejected', tries, code: problemSchema.parse(JSON.parse(text)).code };
      }
      last = `status ${response.status}`;
    } catch (error) {
      signal.throwIfAborted();
      // fetch tells every network trouble by a TypeError; anything else is an answer that breaks the contract.
      if (!(error instanceof TypeError)) throw error;
      last = error.cause instanceof Error ? error.cause.message : error.message;
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
  throw new SendError(`POST ${path} was tried ${MAX_TRIES} times without a final answer (${last}).`);
}
