import type { Unaccounted } from '@sluice/ledger/unaccounted';
import { type AlertCheck, toCount } from '../alert-check.ts';

/** Looks for accepted events that are in no store. */
export function createUnaccountedCheck({
  readUnaccounted,
}: {
  readonly readUnaccounted: () => Promise<Unaccounted>;
}): AlertCheck {
  return {
    kind: 'unaccounted',
    async look() {
      const { events } = await readUnaccounted();
      if (events === 0) return [];
      return [
        {
          ...{ subject: 'ledger', value: events, unit: 'events', dashboard: '/overview' },
          text: `${toCount(events, 'accepted event')} cannot be found in the queue or in MongoDB: see whether Redis was flushed or restored from an old copy, and have the senders send that time again.`,
        },
      ];
    },
    sayResolved: () => 'Every accepted event is accounted for again.',
  };
}
