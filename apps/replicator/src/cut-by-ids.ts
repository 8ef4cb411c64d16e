/** What ids may take in one command: MongoDB refuses one of more than 16 MiB, and ids may be as long as what a source sends. */
const IDS_BYTES = 4 * 1024 * 1024;

/**
 * Cuts a list into parts of which one command can name all ids; `measure` tells how many bytes that of an item has. One that
 * is larger than `mostBytes` (4 MiB) is a part alone.
 */
export function* cutByIds<Item>(
  items: readonly Item[],
  measure: (item: Item) => number,
  mostBytes = IDS_BYTES,
): Generator<readonly Item[]> {
  let from = 0;
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const more = measure(item);
    if (index > from && bytes + more > mostBytes) {
      yield items.slice(from, index);
      from = index;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < items.length) yield items.slice(from);
}
