import { setTimeout as pause } from 'node:timers/promises';
import { maskUrlPasswords } from '@sluice/runtime/mask';
import type { StoreConnection } from '@sluice/store/connection';

const AGAIN_MS = 100;

/**
 * Waits until MongoDB answers: operations fail at once until the first connection is there.
 *
 * @throws Error that says why it did not within `timeoutMs`
 */
export async function waitForMongo(store: StoreConnection, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    try {
      await store.ping(Math.max(AGAIN_MS, until - Date.now()));
      return;
    } catch (cause) {
      if (Date.now() >= until) {
        const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
        throw new Error(`MongoDB cannot be used (${maskUrlPasswords(reason)}).`, { cause });
      }
      await pause(AGAIN_MS);
    }
  }
}
