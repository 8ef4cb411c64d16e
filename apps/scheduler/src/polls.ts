import { isManualSlot } from '@sluice/contracts/poll';
import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { ActiveSources } from './active-sources.ts';
import type { PollHistory } from './poll-history.ts';
import type { PollResult } from './poll-run.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

/** What a run that did not begin may come to. */
const NOT_BEGUN = ['busy', 'paused', 'open'] as const;

/**
 * Creates what is done with a job of the queue `polls`: the source is polled and one line tells what came of it. A
 * poll that failed fails its job, so that operators see it; the next slot tries again. One that a person asked for is
 * in the history also when it did not begin.
 */
export function createPollProcessor({
  sources,
  poll,
  history,
  metrics,
  logger,
  now,
}: {
  readonly sources: Pick<ActiveSources, 'find'>;
  readonly poll: (source: PollSource, slot: number) => Promise<PollResult>;
  readonly history: Pick<PollHistory, 'note'>;
  readonly metrics: SchedulerMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}): (job: PollJob) => Promise<void> {
  return async ({ source: id, slot }) => {
    const source = await sources.find(id);
    if (source === undefined) throw new Error(`The source ${id} is not declared, or not active.`);
    const startedMs = now();
    const result = await poll(source, slot);
    metrics.polled(id, result);
    const notBegun = NOT_BEGUN.find((kind) => kind === result.kind);
    if (notBegun !== undefined && isManualSlot(slot)) {
      await history.note({ source: id, slot, cursor: null }, notBegun);
    }
    const line = { source: id, slot, durationMs: now() - startedMs, ...result };
    if (result.kind === 'failed') {
      logger.warn(line, 'source.poll-failed');
      throw new Error(result.reason);
    }
    if (result.kind === 'polled') logger.info(line, 'source.polled');
    else logger.debug(line, 'source.not-polled');
  };
}
