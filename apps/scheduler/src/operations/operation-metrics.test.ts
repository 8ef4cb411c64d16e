import type { ReplayProgress } from '@sluice/contracts/operations';
import { createMetrics } from '@sluice/runtime/metrics';
import { expect, it } from 'vitest';
import { createOperationMetrics } from './operation-metrics.ts';

function toProgress(enqueued: number, succeeded: number, failedAgain: number): ReplayProgress {
  return { enqueued, succeeded, duplicate: 0, failedAgain, inFlight: 0, remaining: 0 };
}

it('counts discards, what a replay comes further, and nothing back when events were replayed by another', async () => {
  const metrics = createMetrics({ app: 'scheduler', instance: 'test' });
  const { progressed, discarded } = createOperationMetrics(metrics);
  progressed(toProgress(0, 0, 0), toProgress(10, 4, 1));
  progressed(toProgress(10, 4, 1), toProgress(12, 6, 0));
  discarded(3);
  discarded(2);
  const text = await metrics.read();
  expect(text).toMatch(/^sluice_operation_events_total\{kind="discard",result="discarded".*\} 5$/m);
  for (const [result, count] of Object.entries({
    enqueued: 12,
    succeeded: 6,
    duplicate: 0,
    failed_again: 1,
  })) {
    expect(text).toMatch(
      new RegExp(`^sluice_operation_events_total\\{kind="replay",result="${result}".*\\} ${count}$`, 'm'),
    );
  }
});
