import { type AlertCheck, toCount } from '../alert-check.ts';

/** How long a row may wait: the sweeper moves it within seconds while Redis is well. */
const OLD_MS = 60_000;

/** Looks for events that wait in the inbox because Redis cannot take them. */
export function createInboxCheck({
  countOlderThan,
}: {
  readonly countOlderThan: (ageMs: number) => Promise<number>;
}): AlertCheck {
  return {
    kind: 'inbox',
    async look() {
      const rows = await countOlderThan(OLD_MS);
      if (rows === 0) return [];
      return [
        {
          ...{ subject: 'inbox', value: rows, unit: 'events', dashboard: '/overview' },
          text: `${toCount(rows, 'accepted event')} waited in the inbox of MongoDB for more than ${OLD_MS / 1000} s: see that Redis answers and uses less than half of its memory.`,
        },
      ];
    },
    sayResolved: () => 'The inbox is swept: nothing waits in it any more.',
  };
}
