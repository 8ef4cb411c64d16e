import type { EventsInspector } from '@sluice/queue/events-inspector';
import { type AlertCheck, toCount } from '../alert-check.ts';

/** Looks whether events wait for longer than `lagMs` in the queue. */
export function createLagCheck({
  inspector,
  lagMs,
}: {
  readonly inspector: Pick<EventsInspector, 'readOldestWaitingMs' | 'readMaintenance'>;
  readonly lagMs: number;
}): AlertCheck {
  return {
    kind: 'lag',
    async look() {
      const [oldestMs, maintenance] = await Promise.all([
        inspector.readOldestWaitingMs(),
        inspector.readMaintenance(),
      ]);
      if (oldestMs === null || oldestMs <= lagMs) return [];
      const seconds = Math.round(oldestMs / 1000);
      const mend =
        maintenance === null
          ? 'see that workers run and MongoDB answers, then start more workers'
          : `maintenance is on since ${maintenance.toISOString()}, turn it off when the work is done`;
      return [
        {
          ...{ subject: 'queue', value: seconds, unit: 'seconds', dashboard: '/overview' },
          text: `The next event has waited in the queue for ${toCount(seconds, 'second')}: ${mend}.`,
        },
      ];
    },
    sayResolved: () => 'Events wait in the queue no longer than they may.',
  };
}
