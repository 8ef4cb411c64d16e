import type { Delivery, Fate } from './delivery.ts';
import type { Inputs } from './inputs/inputs.ts';

/** What a demo counts, once as expected and once as seen. */
export type Counts = {
  /** Requests that were answered as they have to be: 202, or refused with the right code. */
  readonly answered: { readonly github: number; readonly metrics: number; readonly vitals: number };
  /** New events, polled ones among them. */
  readonly accepted: number;
  /** Repeats that were recognised. */
  readonly merged: number;
  /** Refused requests by code. */
  readonly rejected: ReadonlyMap<string, number>;
  readonly normalized: number;
  readonly duplicateRaw: number;
  readonly duplicateNormalized: number;
  readonly dead: number;
  readonly polled: number;
  /** Devices whose latest reading is the last one that they sent. */
  readonly devices: number;
};

/** Computes, from the inputs alone, what has to come out. */
export function toExpected(inputs: Inputs): Counts {
  const deliveries = [...inputs.github, ...inputs.metrics, ...inputs.vitals];
  const polled = inputs.orders.length;
  const normalized = countFates(deliveries, ({ kind }) => kind === 'normalized') + polled;
  const duplicateRaw = countFates(deliveries, (fate) => fate.kind === 'duplicate' && fate.level === 'raw');
  const duplicateNormalized = countFates(
    deliveries,
    (fate) => fate.kind === 'duplicate' && fate.level === 'normalized',
  );
  const dead = countFates(deliveries, ({ kind }) => kind === 'dead');
  return {
    answered: {
      github: inputs.github.length,
      metrics: inputs.metrics.length,
      vitals: inputs.vitals.length,
    },
    accepted: normalized + duplicateRaw + duplicateNormalized + dead,
    merged: countFates(deliveries, ({ kind }) => kind === 'merged'),
    rejected: countRejections(deliveries),
    normalized,
    duplicateRaw,
    duplicateNormalized,
    dead,
    polled,
    devices: inputs.latest.length,
  };
}

function countFates(deliveries: readonly Delivery[], is: (fate: Fate) => boolean): number {
  return deliveries.filter(({ fate }) => is(fate)).length;
}

function countRejections(deliveries: readonly Delivery[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { fate } of deliveries) {
    if (fate.kind === 'rejected') counts.set(fate.code, (counts.get(fate.code) ?? 0) + 1);
  }
  return counts;
}
