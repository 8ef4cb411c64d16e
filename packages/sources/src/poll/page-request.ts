import type { CursorValue } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import { formatCursorValue } from './cursor-value.ts';

/**
 * Builds the address of a page: the source's own, query included, with the cursor (none on the very first run), the
 * page number (from 1) and the page size in the parameters that the source names.
 */
export function toPageUrl(
  source: Pick<PollSource, 'url' | 'cursor' | 'pageParam' | 'limitParam' | 'pageSize'>,
  { page, from }: { readonly page: number; readonly from: CursorValue | null },
): URL {
  const url = new URL(source.url);
  if (from !== null) url.searchParams.set(source.cursor.param, formatCursorValue(from));
  if (source.pageParam !== undefined) url.searchParams.set(source.pageParam, String(page));
  if (source.limitParam !== undefined) url.searchParams.set(source.limitParam, String(source.pageSize));
  return url;
}
