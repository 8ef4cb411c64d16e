import type { ReplayProgress } from '@sluice/contracts/operations';
import { describe, expect, it } from 'vitest';
import { toObstacle, toStopReason } from './replay-pace.ts';

const NOTHING: ReplayProgress = {
  ...{ enqueued: 0, succeeded: 0, duplicate: 0, failedAgain: 0, inFlight: 0, remaining: 0 },
};
const replay = { stopAtFailureShare: 0.5, judgedFrom: { outcomes: 0, failedAgain: 0 } };

describe('a replay', () => {
  it('stops itself from 20 outcomes on, at its share of failures', () => {
    expect(toStopReason(replay, { ...NOTHING, failedAgain: 19 })).toBeNull();
    expect(toStopReason(replay, { ...NOTHING, failedAgain: 10, succeeded: 9, duplicate: 1 })).toContain(
      '10 of 20 events failed again',
    );
    expect(toStopReason(replay, { ...NOTHING, failedAgain: 9, succeeded: 11 })).toBeNull();
    expect(
      toStopReason({ ...replay, stopAtFailureShare: 1 }, { ...NOTHING, failedAgain: 20 }),
    ).not.toBeNull();
  });

  it('is judged by what happened since it was resumed', () => {
    const resumed = { ...replay, judgedFrom: { outcomes: 20, failedAgain: 20 } };
    expect(toStopReason(resumed, { ...NOTHING, failedAgain: 39 })).toBeNull();
    expect(toStopReason(resumed, { ...NOTHING, failedAgain: 40 })).toContain('20 of 20');
    expect(toStopReason(resumed, { ...NOTHING, failedAgain: 25, succeeded: 75 })).toBeNull();
  });

  it('waits while Redis is half full, or too many of its events are in flight', () => {
    const free = { ratePerSecond: 20, inFlight: 0, memoryShare: 0.2 };
    expect(toObstacle(free)).toBeNull();
    expect(toObstacle({ ...free, memoryShare: 0.5 })).toContain('50 %');
    expect(toObstacle({ ...free, inFlight: 600 })).toContain('600 events are in flight');
    expect(toObstacle({ ...free, ratePerSecond: 100, inFlight: 600 })).toBeNull();
  });
});
