import { setTimeout as pause } from 'node:timers/promises';
import type { StoreConnection } from '@sluice/store/connection';

/**
 * Settles as work on MongoDB does that may rightly take long, and rejects with DependencyAwayError when MongoDB gives no
 * sign of life meanwhile: it is asked for one every `everyMs`, which may take twice as long to come. Then the signal
 * ends the work.
 */
export async function whileAnswering<Result>(
  { ping }: Pick<StoreConnection, 'ping'>,
  everyMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const silent = new AbortController();
  const over = new AbortController();
  const silence = Promise.withResolvers<never>();

  async function listen(): Promise<never> {
    for (;;) {
      await pause(everyMs, undefined, { signal: over.signal });
      await ping(2 * everyMs);
    }
  }

  listen().catch((error: unknown) => {
    if (over.signal.aborted) return;
    silence.reject(error);
    silent.abort(error);
  });
  try {
    return await Promise.race([work(silent.signal), silence.promise]);
  } finally {
    over.abort();
  }
}
