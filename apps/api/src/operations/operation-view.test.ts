import type { OperationDocument, ReplayProgress } from '@sluice/contracts/operations';
import { describe, expect, it } from 'vitest';
import { NO_PROGRESS, toReplay } from './operation-view.ts';

const AT = new Date('2026-01-02T03:04:05.678Z');
const running: OperationDocument = {
  ...{ _id: 'op_1', tenant: 'default', kind: 'replay', event: null, state: 'running', stateReason: null },
  ...{ open: true, filter: { status: 'dead' }, watermark: AT, planned: 100, claimed: 100, frozenAt: AT },
  plan: {
    ...{ count: 100, bySource: {}, byFingerprint: {}, oldest: null, newest: null },
    watermark: AT.toISOString(),
  },
  ...{ ratePerSecond: 20, stopAtFailureShare: 0.5, reason: null, actor: 'me', createdAt: AT, endedAt: null },
  ...{ currentPerSecond: 10, waitingFor: null, judgedFrom: { outcomes: 0, failedAgain: 0 } },
  ...{ moves: 1, fence: 1 },
};
const half: ReplayProgress = {
  ...{ enqueued: 60, succeeded: 40, duplicate: 5, failedAgain: 5, inFlight: 10, remaining: 30 },
};

describe('a replay as it is shown', () => {
  it('has everything to come before its set is frozen', () => {
    const shown = toReplay({ ...running, state: 'planned', frozenAt: null }, NO_PROGRESS);
    expect(shown).toMatchObject({
      planned: 100,
      remaining: 100,
      skipped: 0,
      startedAt: null,
      etaSeconds: null,
    });
  });

  it('tells when its last event will be in the queue, as fast as it is', () => {
    expect(toReplay(running, half)).toMatchObject({ remaining: 30, skipped: 10, stopped: 0, etaSeconds: 3 });
    expect(toReplay({ ...running, currentPerSecond: 0 }, half).etaSeconds).toBe(2);
    expect(toReplay({ ...running, state: 'paused' }, half)).toMatchObject({
      etaSeconds: null,
      remaining: 30,
    });
  });

  it('tells what was stopped and what goes on when it was cancelled', () => {
    const shown = toReplay({ ...running, state: 'cancelled' }, half);
    expect(shown).toMatchObject({ stopped: 40, inFlight: 10, remaining: 0, skipped: 0, settled: false });
  });

  it('tells what was skipped when it is done', () => {
    const { open: _, ...done } = { ...running, state: 'done' as const };
    const progress = { ...half, enqueued: 90, succeeded: 80, inFlight: 0, remaining: 0 };
    expect(toReplay(done, progress)).toMatchObject({ skipped: 10, stopped: 0, settled: true });
  });
});
