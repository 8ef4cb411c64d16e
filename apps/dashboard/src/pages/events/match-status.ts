import type { RawItem } from '@sluice/contracts/api';
import type { StatusItem } from '@sluice/contracts/live';
import { toEndMs } from '@sluice/contracts/range-end';
import type { EventSearch } from './search.ts';

/** Tells whether an event of which a status was told belongs into a list with this filter, as far as a status tells. */
export function isListed(search: EventSearch, news: StatusItem): boolean {
  const { status, source, code, fingerprint, from, to } = search;
  if (status !== undefined && news.status !== status) return false;
  if (source !== undefined && news.source !== source) return false;
  if (code !== undefined && news.code !== code) return false;
  // A status does not tell its group: such a list is asked for again at its own pace.
  if (fingerprint !== undefined) return false;
  const receivedAt = Date.parse(news.receivedAt);
  if (from !== undefined && receivedAt < Date.parse(from)) return false;
  return to === undefined || receivedAt < toEndMs(to);
}

/** Brings a row up to date with what was told of its event. */
export function withStatus(item: RawItem, news: StatusItem): RawItem {
  const { status, attempts, code, message, duplicateOf, duplicateLevel } = news;
  return { ...item, status, attempts, code, message, duplicateOf, duplicateLevel };
}
