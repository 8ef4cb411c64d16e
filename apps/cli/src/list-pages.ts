import { MAX_LIMIT } from '@sluice/contracts/api';
import type { Command } from 'commander';
import type { ApiClient } from './api-client.ts';
import type { Output } from './output.ts';
import { type PagedList, readPages } from './pages.ts';
import { wholeNumber } from './read-options.ts';

/** How much of a list is asked for. */
export type ListedOptions = {
  readonly limit: number;
  readonly all?: boolean;
  readonly cursor?: string;
};

const DEFAULT_COUNT = 50;
const MAX_COUNT = 1_000_000;

/** Adds the options that say how much of a list is shown. */
export function addListOptions(command: Command): Command {
  return command
    .option('-n, --limit <number>', 'How many at most.', wholeNumber(1, MAX_COUNT), DEFAULT_COUNT)
    .option('--all', 'All of them; with --json a line for each.')
    .option('--cursor <cursor>', 'Go on behind an earlier list.');
}

/** A list of which as much is shown as was asked for. */
type Listed<Item> = Omit<PagedList<Item>, 'pageSize' | 'cursor'> & {
  /** The largest page that it has (default 1,000 items). */
  readonly maxPage?: number;
};

/** Lists as much as was asked for; what is behind it is named by a cursor. */
export async function listPages<Item>(
  api: ApiClient,
  output: Output,
  { maxPage = MAX_LIMIT, ...listed }: Listed<Item>,
  { limit, all = false, cursor }: ListedOptions,
  render: (items: readonly Item[], paint: Output['paint']) => string,
): Promise<void> {
  const found: Item[] = [];
  const pageSize = () => (all ? maxPage : Math.min(limit - found.length, maxPage));
  let nextCursor: string | null = null;
  for await (const page of readPages(api, { ...listed, pageSize, cursor })) {
    if (all) {
      if (output.isJson) for (const item of page.items) output.item(item, () => '');
      else if (page.items.length > 0) output.item(null, () => render(page.items, output.paint));
      continue;
    }
    found.push(...page.items);
    nextCursor = page.nextCursor;
    if (found.length >= limit) break;
  }
  if (all) return;
  output.answer({ items: found, nextCursor }, () =>
    found.length === 0 ? 'There are none.' : render(found, output.paint),
  );
  if (nextCursor !== null && !output.isJson) output.note(`There are more: --cursor ${nextCursor}`);
}
