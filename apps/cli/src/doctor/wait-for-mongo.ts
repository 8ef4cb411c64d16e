import { setTimeout as pause } from 'node:timers/promises';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import type { StoreConnection } from '@sluice/store/connection';

/** How long to wait, and what may end it. */
type WaitOptions = {
  readonly timeoutMs: number;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when MongoDB did not answer at once. */
  readonly onWait?: () => void;
};

const AGAIN_MS = 100;
const AT_ONCE_MS = 500;

/**
 * Waits until MongoDB answers: operations fail at once until the first connection is there.
 *
 * @throws Error that says why it did not within `timeoutMs`; the reason of `signal`
 */
export async function waitForMongo(store: StoreConnection, options: WaitOptions): Promise<void> {
  const { timeoutMs, signal, onWait = () => undefined } = options;
  const patience = AbortSignal.timeout(timeoutMs);
  const ended = signal === undefined ? patience : AbortSignal.any([patience, signal]);
  const over = Promise.withResolvers<never>();
  ended.addEventListener('abort', () => over.reject(ended.reason), { once: true });
  const telling = setTimeout(onWait, AT_ONCE_MS);
  let refusal = `MongoDB did not answer within ${timeoutMs / 1000} s`;
  try {
    for (;;) {
      try {
        signal?.throwIfAborted();
        await Promise.race([store.ping(timeoutMs), over.promise]);
        return;
      } catch (cause) {
        signal?.throwIfAborted();
        if (patience.aborted) throw new Error(`MongoDB cannot be used (${refusal}).`, { cause });
        // The driver says only that of a first connection that fails.
        if (!toReason(cause).endsWith('Topology is closed')) refusal = maskUrlPasswords(toReason(cause));
        await pause(AGAIN_MS, undefined, { signal: ended }).catch(() => undefined);
      }
    }
  } finally {
    clearTimeout(telling);
  }
}

function toReason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}
