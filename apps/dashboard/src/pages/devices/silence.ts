/** No device is called silent before this, in ms. */
const LEAST_MS = 60_000;

/** How many times as long as half of the devices one must be quiet to be called silent. */
const FACTOR = 3;

/**
 * Returns from which age on a device counts as silent, in ms: three times as long as half of the devices that are shown, a
 * minute at least. How often one device usually sends is not stored, its neighbours are the measure.
 */
export function toSilentAfterMs(timestamps: readonly number[], nowMs: number): number {
  const ages = timestamps.map((seconds) => Math.max(0, nowMs - seconds * 1000)).toSorted((a, b) => a - b);
  const median = ages[Math.floor((ages.length - 1) / 2)] ?? 0;
  return Math.max(LEAST_MS, FACTOR * median);
}
