import { type PollSource, pollSourceSchema } from '@sluice/contracts/source';

const TIMED = { kind: 'timestamp', param: 'since', path: 'updated_at', lookback: 5 } as const;
const BY_ID = { kind: 'id', param: 'after', path: 'id', lookback: 30 } as const;
const PAGED = { pageParam: 'page', limitParam: 'limit' } as const;

/** A source of every kind of cursor and every format; `page` sizes are small, so that runs have many. */
const FORMS = {
  timed: { cursor: TIMED, ...PAGED, pageSize: 20 },
  'timed-stable': { cursor: TIMED, ...PAGED, format: 'csv', delimiter: ';', pageSize: 30 },
  'timed-walked': { cursor: TIMED, limitParam: 'limit', format: 'ndjson', pageSize: 20 },
  ids: { cursor: BY_ID, limitParam: 'limit', format: 'ndjson', pageSize: 25 },
  'ids-shuffled': { cursor: BY_ID, ...PAGED, pageSize: 40 },
  pages: { cursor: { kind: 'page', param: 'page' }, limitParam: 'limit', pageSize: 25 },
  'pages-untold': { cursor: { kind: 'page', param: 'page' }, format: 'csv', delimiter: ';', pageSize: 40 },
  links: { cursor: { kind: 'link' }, limitParam: 'limit', pageSize: 25 },
  'links-inside': { cursor: { kind: 'link', path: 'next', resume: 'first' }, pageSize: 40 },
} as const;

/** Declares the sources of a simulated legacy system; each is polled every second. */
export function declareSources(origin: string): readonly PollSource[] {
  return Object.entries(FORMS).map(([id, form]) =>
    pollSourceSchema.parse({
      ...{ id, kind: 'poll', url: `${origin}/${id}`, allowPrivate: true, schedule: '* * * * * *' },
      ...{ idPath: 'id', auth: { type: 'bearer', secret: { value: 'hunter2' } } },
      recordsPath: 'data',
      ...form,
    }),
  );
}
