import { isManualSlot } from '@sluice/contracts/poll';
import type { PollJob } from '@sluice/contracts/queues';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { ActiveSources } from './active-sources.ts';
import { NOT_BEGUN, type PollHistory } from './poll-history.ts';
import type { PollResult } from './poll-run.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

/**
 * Creates what is done with a job of the queue `polls`: the source is polled and one line tells what came of it. A
 * poll that failed fails its job, so that operators see it; the next slot tries again. One that did not begin is in the
 * history when a person asked for it, and once each time that the breaker of its source opens.
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
  /** Sources of which the history tells that they are left alone. */
  const leftAlone = new Set<string>();

  async function noteNotBegun(source: string, slot: number, result: PollResult): Promise<void> {
    const { kind, progress } = result;
    if (progress !== undefined) {
      leftAlone.delete(source);
      return;
    }
    const isFirst = kind === 'open' && !leftAlone.has(source);
    if (isFirst) leftAlone.add(source);
    const notBegun = NOT_BEGUN.find((known) => known === kind);
    if (notBegun === undefined || !(isFirst || isManualSlot(slot))) return;
    const waitingUntil = result.kind === 'waiting' ? new Date(result.untilMs) : undefined;
    await history.note({ source, slot, cursor: null }, notBegun, waitingUntil);
  }

  return async ({ source: id, slot }) => {
    const source = await sources.find(id);
    if (source === undefined) throw new Error(`The source ${id} is not declared, not active, or unreadable.`);
    const startedMs = now();
    const toLine = () => ({ source: id, slot, durationMs: now() - startedMs });
    let result: PollResult;
    try {
      result = await poll(source, slot);
    } catch (err) {
      metrics.polled(id, { kind: 'failed', reason: 'A store is away.' });
      logger.warn({ ...toLine(), err }, 'source.poll-failed');
      throw err;
    }
    metrics.polled(id, result);
    await noteNotBegun(id, slot, result);
    const { progress, ...rest } = result;
    const line = { ...toLine(), ...rest, ...progress };
    if (result.kind === 'failed') {
      logger.warn(line, 'source.poll-failed');
      throw new Error(result.reason);
    }
    if (progress !== undefined) logger.info(line, 'source.polled');
    else logger.debug(line, 'source.not-polled');
  };
}
