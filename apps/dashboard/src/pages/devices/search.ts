import type { VitalQuery } from '@sluice/contracts/api';

/** By what devices can be sorted. */
export const SORTS = [
  'deviceId',
  'heartRate',
  'breathRate',
  'timestamp',
] as const satisfies readonly VitalQuery['sortBy'][];
export type Sort = (typeof SORTS)[number];

/** What the address of the list of devices says; the newest first by default. */
export type DeviceSearch = {
  readonly sort?: Sort;
  readonly order?: 'asc' | 'desc';
  readonly page?: number;
};

/** Reads sorting and page from an address; what it does not know it leaves out. */
export function toDeviceSearch(search: Readonly<Record<string, unknown>>): DeviceSearch {
  const sort = SORTS.find((name) => name === search['sort']);
  const order = (['asc', 'desc'] as const).find((name) => name === search['order']);
  const page = search['page'];
  return {
    ...(sort === undefined ? {} : { sort }),
    ...(order === undefined ? {} : { order }),
    ...(typeof page === 'number' && Number.isInteger(page) && page > 0 && page < 10_000 ? { page } : {}),
  };
}
