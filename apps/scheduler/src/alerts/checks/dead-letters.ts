import { type AlertCheck, toCount } from '../alert-check.ts';

/** Looks for dead letters that nobody has replayed or discarded, one finding for each error code. */
export function createDeadLetterCheck({
  countByCode,
}: {
  readonly countByCode: () => Promise<ReadonlyMap<string, number>>;
}): AlertCheck {
  return {
    kind: 'dead-letters',
    async look() {
      return [...(await countByCode())].map(([code, count]) => ({
        ...{ subject: code, value: count, unit: 'events', dashboard: '/dead-letters' },
        text: `${toCount(count, 'event')} died with ${code}: find the cause on the page of dead letters, mend it, then replay or discard them.`,
      }));
    },
    sayResolved: (code) => `No dead letters with ${code} are left.`,
  };
}
