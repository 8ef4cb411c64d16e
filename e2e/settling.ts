import type { Stats } from '@sluice/contracts/api';
import { createStatsReader } from '@sluice/ledger/stats-reader';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createLogger } from '@sluice/runtime/logger';
import { connectStore } from '@sluice/store/connection';
import { expect, vi } from 'vitest';

/** What waits until a stack has nothing in flight. */
export type Settling = {
  /** Waits until all that was accepted before the call has come to its end, and returns the ledger's numbers then. */
  settled(): Promise<Stats>;
  close(): Promise<void>;
};

/**
 * Opens the stores of a stack to look into them. The api's own numbers are up to a second old, and the ledger hears of
 * a batch up to a second after it was accepted: neither knows of what was sent just now.
 */
export function openSettling({
  redisUrl,
  mongoUrl,
  prefix,
}: {
  readonly redisUrl: string;
  readonly mongoUrl: string;
  readonly prefix: string;
}): Settling {
  const logger = createLogger({ app: 'e2e', instance: prefix, level: 'silent' });
  const inspector = createEventsInspector({ redisUrl, prefix, logger });
  const store = connectStore({ uri: mongoUrl, appName: prefix });
  const readStats = createStatsReader({ store, inspector, now: Date.now });

  async function readSettled(): Promise<Stats> {
    // First the queue: what has left it is in MongoDB, or in the inbox still.
    const { waiting, active, delayed, parked } = await inspector.readCounts();
    expect({ waiting, active, delayed, parked }).toEqual({ waiting: 0, active: 0, delayed: 0, parked: 0 });
    const stats = await readStats();
    expect(stats.ledger).toMatchObject({ inFlight: 0, unaccounted: 0, balanced: true });
    return stats;
  }

  return {
    settled: () => vi.waitFor(readSettled, { timeout: 50_000, interval: 100 }),
    async close() {
      await inspector.close();
      await store.close();
    },
  };
}
