import { createRandom } from '@sluice/local/random';
import type { DemoRun } from '../run.ts';

/** The source under which the demo declares the legacy system. */
export const ORDERS_SOURCE = 'orders';

const ORDERS = 300;
const LATE_ORDERS = 15;
const ENTERED_WITHIN_MS = 4000;

/** How far back a late order's `updated_at` may lie; the source's lookback must be longer. */
export const LATEST_BY_MS = 10_000;

/** A record of the legacy system, and when it can be seen there. */
export type LegacyOrder = {
  /** How long after the opening of the system it appears. */
  readonly visibleAfterMs: number;
  /** How much older than its appearance it claims to be; 0 for one that is entered at once. */
  readonly lateByMs: number;
  readonly order: {
    readonly id: string;
    readonly customer: string;
    readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly price: string }[];
    readonly total: string;
    readonly currency: string;
    readonly state: string;
  };
};

/** Makes the name under which every order of a run begins. */
export function toOrderPrefix({ nonce }: DemoRun): string {
  return `SO-${nonce}-`;
}

/** Makes 300 orders that appear over four seconds, 15 of them late: entered on paper first, dated back. */
export function createOrders(run: DemoRun): LegacyOrder[] {
  const random = createRandom(run.seed, 'orders');
  const every = Math.floor(ORDERS / LATE_ORDERS);
  return Array.from({ length: ORDERS }, (_, index): LegacyOrder => {
    const lines = Array.from({ length: random.whole(1, 4) }, () => ({
      sku: `SKU-${random.whole(1000, 9999)}`,
      quantity: random.whole(1, 12),
      cents: random.whole(199, 24_999),
    }));
    const cents = lines.reduce((sum, line) => sum + line.quantity * line.cents, 0);
    const isLate = index % every === every - 1;
    return {
      visibleAfterMs: Math.floor((index * ENTERED_WITHIN_MS) / ORDERS),
      lateByMs: isLate ? random.whole(2000, LATEST_BY_MS) : 0,
      order: {
        id: `${toOrderPrefix(run)}${String(index + 1).padStart(4, '0')}`,
        customer: `C-${random.whole(100, 999)}`,
        lines: lines.map(({ sku, quantity, cents: price }) => ({ sku, quantity, price: toAmount(price) })),
        total: toAmount(cents),
        currency: random.pick(['EUR', 'USD', 'CHF']),
        state: random.pick(['open', 'picked', 'shipped', 'invoiced']),
      },
    };
  });
}

function toAmount(cents: number): string {
  return (cents / 100).toFixed(2);
}
