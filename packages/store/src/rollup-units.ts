/** How long a bucket of each unit is, in seconds. */
export const UNIT_SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;

/** A unit of time for which rollups are kept. */
export type RollupUnit = keyof typeof UNIT_SECONDS;

/** The units from the shortest on. */
export const UNITS = ['second', 'minute', 'hour', 'day'] as const satisfies readonly RollupUnit[];

/** Returns where the bucket of a unit begins that holds a time; both in seconds since the epoch. */
export function toBucketStart(unit: RollupUnit, seconds: number): number {
  const size = UNIT_SECONDS[unit];
  return Math.floor(seconds / size) * size;
}
