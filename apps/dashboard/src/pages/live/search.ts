import { readTexts } from '../../data/search.ts';

/** The outcomes by which the feed is narrowed. */
export const FEED_OUTCOMES = ['normalized', 'duplicate', 'failed', 'dead'] as const;
export type FeedOutcome = (typeof FEED_OUTCOMES)[number];

/** What the address of the feed says. */
export type LiveSearch = { readonly source?: string; readonly status?: FeedOutcome };

/** Reads the filter from an address; what it does not know it leaves out. */
export function toLiveSearch(search: Readonly<Record<string, unknown>>): LiveSearch {
  const status = FEED_OUTCOMES.find((one) => one === search['status']);
  return { ...readTexts(search, ['source']), ...(status === undefined ? {} : { status }) };
}
