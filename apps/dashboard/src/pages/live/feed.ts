/*
 * The feed: what is shown of what arrives.
 *
 *  1. Everything that arrives is counted, whatever is shown.
 *  2. A few times a second what has arrived is put on top, the newest first; more than 50 a second are sampled.
 *  3. Where the page was disconnected a ruled line is put.
 */
import type { FeedOutcome, LiveSearch } from './search.ts';

/** One line of the feed. */
export type FeedEvent = {
  readonly kind: 'event';
  readonly key: string;
  readonly id: string;
  readonly at: string;
  readonly source: string;
  readonly status: FeedOutcome;
  /** The type of the record that it became. */
  readonly type?: string;
  /** The data of its record, or why it became none. */
  readonly text: string;
};
export type FeedEntry = FeedEvent | { readonly kind: 'resync'; readonly key: string; readonly at: number };

export type Feed = {
  /** The newest first. */
  readonly lines: readonly FeedEntry[];
  readonly perSecond: number;
  /** One of so many is shown. */
  readonly oneOf: number;
  /** How many arrived since the page was opened. */
  readonly total: number;
};

export const EMPTY_FEED: Feed = { lines: [], perSecond: 0, oneOf: 1, total: 0 };

/** How many lines are kept; more than so many a second are sampled, because nobody reads faster. */
const MAX_LINES = 300;
const MAX_PER_SECOND = 50;

/** How much the newest rate weighs in the one that is shown. */
const WEIGHT = 0.25;

/** Takes in what arrived within `seconds`, the oldest first; `dropped` more events arrived that were not kept. */
export function takeArrivals(feed: Feed, arrived: readonly FeedEntry[], seconds: number, dropped = 0): Feed {
  const count = dropped + arrived.filter(({ kind }) => kind === 'event').length;
  const rate = count / seconds;
  const smooth = feed.perSecond * (1 - WEIGHT) + rate * WEIGHT;
  const perSecond = smooth < 0.05 ? 0 : smooth;
  // A short burst of twice as many is shown whole: batches come at once.
  const oneOf = Math.max(1, Math.ceil(Math.max(rate / 2, perSecond) / MAX_PER_SECOND));
  if (arrived.length === 0 && perSecond === feed.perSecond && oneOf === feed.oneOf) return feed;
  let place = feed.total;
  const shown = arrived.filter((entry) => {
    if (entry.kind === 'resync') return true;
    place += 1;
    return place % oneOf === 0;
  });
  return {
    lines: shown.length === 0 ? feed.lines : [...shown.reverse(), ...feed.lines].slice(0, MAX_LINES),
    perSecond,
    oneOf,
    total: feed.total + count,
  };
}

/** Tells whether an event belongs to what is asked for. */
export function isAskedFor(event: FeedEvent, { source, status }: LiveSearch): boolean {
  return (
    (source === undefined || event.source === source) && (status === undefined || event.status === status)
  );
}
