import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { Logger } from '@sluice/runtime/logger';
import type { Metrics } from '@sluice/runtime/metrics';
import type { StoredInbox } from '@sluice/store/inbox';

const STATES = ['waiting', 'active', 'delayed', 'failed', 'parked'] as const;

/**
 * Adds the metrics of what all processes share, the queue and the inbox: read from the stores whenever the metrics are
 * read, the same in every scheduler. What cannot be read is NaN, so that the other metrics are told all the same.
 */
export function addSystemMetrics(
  metrics: Metrics,
  {
    inspector,
    inbox,
    logger,
  }: {
    readonly inspector: Pick<EventsInspector, 'readCounts' | 'countWaitingEvents' | 'readOldestWaitingMs'>;
    readonly inbox: Pick<StoredInbox, 'count'>;
    readonly logger: Logger;
  },
): void {
  async function orNaN(read: () => Promise<number>): Promise<number> {
    try {
      return await read();
    } catch (err) {
      logger.debug({ err }, 'metrics.not-read');
      return Number.NaN;
    }
  }

  metrics.createGauge({
    name: 'events_waiting',
    help: 'Events in jobs that wait for a worker; from 1,000 jobs on an estimate. The same in every scheduler.',
    collect: async (gauge) => gauge.set(await orNaN(inspector.countWaitingEvents)),
  });
  metrics.createGauge({
    name: 'oldest_waiting_seconds',
    help: 'How long the next job of the queue has waited; 0 when none waits. The same in every scheduler.',
    collect: async (gauge) =>
      gauge.set(await orNaN(async () => ((await inspector.readOldestWaitingMs()) ?? 0) / 1000)),
  });
  metrics.createGauge({
    name: 'queue_jobs',
    help: 'Jobs of the queue events, by state. The same in every scheduler.',
    labels: ['state'],
    async collect(gauge) {
      const counts = await inspector.readCounts().catch((err: unknown) => {
        logger.debug({ err }, 'metrics.not-read');
        return null;
      });
      for (const state of STATES) gauge.set({ state }, counts?.[state] ?? Number.NaN);
    },
  });
  metrics.createGauge({
    name: 'inbox_rows',
    help: 'Accepted events in the inbox of MongoDB. The same in every scheduler.',
    collect: async (gauge) => gauge.set(await orNaN(inbox.count)),
  });
}
