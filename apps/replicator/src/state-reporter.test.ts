import { createLogger } from '@sluice/runtime/logger';
import type { ToldState } from '@sluice/store/sync-state';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { PositionDocument } from './position.ts';
import { type Reported, startStateReporter } from './state-reporter.ts';

it('tells how many changes it copied a second itself, and none of those before it', async () => {
  let nowMs = 0;
  let told: ToldState | undefined;
  const reporter = startStateReporter({
    states: {
      read: async () => null,
      write: async (state) => {
        told = state;
        return null;
      },
      countWrites: async () => 0,
    },
    ...{ backup: { ping: async () => undefined }, holder: 'test', reportMs: 1, now: () => nowMs },
    logger: createLogger({ app: 'replicator', instance: 'test', level: 'silent' }),
  });
  onTestFinished(() => reporter.stop());
  let succeeded = 0;
  const read = (): Reported => {
    const totals = { succeeded, failed: 0, merged: 0, conflicts: 0, timeMs: 0 };
    const position: Partial<PositionDocument> = { totals, lastSyncAt: null };
    return {
      position: position as PositionDocument,
      progress: { pending: 0, oldestAt: null, appliedTo: null, appliedAt: null },
    };
  };
  const untilTold = (perSecond: number) =>
    vi.waitFor(() => expect(told).toMatchObject({ perSecond, totals: { succeeded } }), { interval: 1 });
  for (const startMs of [60_000, 120_000]) {
    nowMs = startMs;
    succeeded += 1_000_000;
    reporter.follow(read);
    await untilTold(0);
    nowMs += 5000;
    succeeded += 500;
    await untilTold(100);
    reporter.follow(null);
  }
});
