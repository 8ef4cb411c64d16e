import { setTimeout as pause } from 'node:timers/promises';
import { type Stats, statsSchema } from '@sluice/contracts/api';

/** A running Sluice as the replay run asks it; whatever is down for a moment is asked again. */
export type Service = {
  readonly post: (
    path: string,
    body: unknown,
  ) => Promise<{ readonly status: number; readonly body: unknown }>;
  readonly get: (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;
  readonly readStats: () => Promise<Stats>;
  /** Asks until the answer is there; throws after `forMs` with what was found last. */
  readonly until: <Found>(
    what: string,
    forMs: number,
    look: () => Promise<Found | undefined>,
  ) => Promise<Found>;
};

const AGAIN_MS = 100;

/** How long a question is asked again whose process is gone, or that is told to come back. */
const PATIENCE_MS = 60_000;

/** Creates what asks the api at `url`. */
export function createService(url: string, signal: AbortSignal): Service {
  async function ask(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        const response = await fetch(new URL(path, url), { ...init, signal: AbortSignal.timeout(15_000) });
        const body: unknown = JSON.parse(await response.text());
        if (response.status < 500 || performance.now() > untilMs) return { status: response.status, body };
      } catch (error) {
        if (performance.now() > untilMs) throw error;
      }
      await pause(AGAIN_MS);
    }
  }

  async function until<Found>(
    what: string,
    forMs: number,
    look: () => Promise<Found | undefined>,
  ): Promise<Found> {
    const untilMs = performance.now() + forMs;
    for (;;) {
      signal.throwIfAborted();
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > untilMs) throw new Error(`Not within ${forMs / 1000} s: ${what}.`);
      await pause(AGAIN_MS);
    }
  }

  const get = (path: string) => ask(path, {});
  return {
    get,
    post: (path, body) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    readStats: async () => statsSchema.parse((await get('/api/events/stats')).body),
    until,
  };
}
