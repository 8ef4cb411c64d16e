import { readTexts } from '../../data/search.ts';
import type { Mark } from '../../ui/status-glyph.tsx';

/** The states by which the list of events is narrowed, in the order of their tabs. */
export const TABS = [
  'pending',
  'processing',
  'normalized',
  'failed',
  'duplicate',
  'dead',
] as const satisfies readonly Mark[];
export type Tab = (typeof TABS)[number];

/** What the address of the list says. */
export type EventSearch = {
  readonly status?: Tab;
  readonly source?: string;
  readonly code?: string;
  readonly fingerprint?: string;
  readonly from?: string;
  readonly to?: string;
};

const TEXTS = ['source', 'code', 'fingerprint', 'from', 'to'] as const;

/** Reads the filter from an address; what it does not know it leaves out. */
export function toEventSearch(search: Readonly<Record<string, unknown>>): EventSearch {
  const status = TABS.find((tab) => tab === search['status']);
  return { ...(status === undefined ? {} : { status }), ...readTexts(search, TEXTS) };
}

/** Says a filter in words, for a list that is empty. */
export function describeSearch({ status, source, code, from, to }: EventSearch): string {
  const parts = [
    status === undefined ? null : `that are ${status}`,
    source === undefined ? null : `of ${source}`,
    code === undefined ? null : `with ${code}`,
    from === undefined ? null : `from ${from} on`,
    to === undefined ? null : `until ${to}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? '' : parts.join(', ');
}
