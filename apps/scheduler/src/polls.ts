import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { PollResult } from './poll-run.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

/**
 * Creates what is done with a job of the queue `polls`: the source is polled and one line tells what came of it. A
 * poll that failed fails its job, so that operators see it; the next slot tries again.
 */
export function createPollProcessor({
  sources,
  poll,
  metrics,
  logger,
  now,
}: {
  readonly sources: readonly PollSource[];
  readonly poll: (source: PollSource) => Promise<PollResult>;
  readonly metrics: SchedulerMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}): (job: PollJob) => Promise<void> {
  const byId = new Map(sources.map((source) => [source.id, source]));
  return async ({ source: id, slot }) => {
    const source = byId.get(id);
    if (source === undefined) throw new Error(`The source ${id} is not declared here.`);
    const startedMs = now();
    const result = await poll(source);
    metrics.polled(id, result);
    const line = { source: id, slot, durationMs: now() - startedMs, ...result };
    if (result.kind === 'failed') {
      logger.warn(line, 'source.poll-failed');
      throw new Error(result.reason);
    }
    if (result.kind === 'polled') logger.info(line, 'source.polled');
  };
}
