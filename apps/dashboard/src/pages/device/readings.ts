import type { NormalizedItem } from '@sluice/contracts/api';
import { isJsonObject } from '@sluice/contracts/json';

const STEP_MS = 15 * 60_000;
const COUNT = 96;

/** The means of one vital sign over the last day, in quarters of an hour; null where there was no reading. */
export type VitalLine = { readonly name: string; readonly values: readonly (number | null)[] };

/** Puts the readings of a device into the 96 quarters of an hour up to now, each numeric field a line. */
export function toVitalLines(
  readings: readonly Pick<NormalizedItem, 'timestamp' | 'data'>[],
  nowMs: number,
): { readonly times: readonly string[]; readonly lines: readonly VitalLine[] } {
  const lastMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
  const firstMs = lastMs - (COUNT - 1) * STEP_MS;
  const sums = new Map<string, { sum: number; count: number }[]>();
  for (const { timestamp, data } of readings) {
    const place = timestamp === null ? -1 : Math.floor((Date.parse(timestamp) - firstMs) / STEP_MS);
    if (place < 0 || place >= COUNT || !isJsonObject(data)) continue;
    for (const [name, value] of Object.entries(data)) {
      if (typeof value !== 'number') continue;
      const cells = sums.get(name) ?? Array.from({ length: COUNT }, () => ({ sum: 0, count: 0 }));
      sums.set(name, cells);
      const cell = cells[place];
      if (cell === undefined) continue;
      cell.sum += value;
      cell.count += 1;
    }
  }
  return {
    times: Array.from({ length: COUNT }, (_, index) => new Date(firstMs + index * STEP_MS).toISOString()),
    lines: [...sums].map(([name, cells]) => ({
      name,
      values: cells.map(({ sum, count }) => (count === 0 ? null : sum / count)),
    })),
  };
}
