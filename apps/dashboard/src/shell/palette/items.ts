/** Something that the palette offers. */
export type Item = {
  /** Unique among all items. */
  readonly id: string;
  readonly group: 'Found' | 'This page' | 'Go to' | 'Do';
  readonly label: string;
  /** Stands at the right: a state, or the keys that do the same. */
  readonly hint: string;
  readonly run: () => void;
};

/** Leaves out the items that do not hold every word of a query; what begins with it goes before what only holds it. */
export function filterItems(items: readonly Item[], query: string): readonly Item[] {
  const text = query.trim().toLowerCase();
  if (text === '') return items;
  const words = text.split(/\s+/);
  return items
    .filter(({ label, group }) => {
      const whole = `${group} ${label}`.toLowerCase();
      return words.every((word) => whole.includes(word));
    })
    .toSorted((a, b) => Number(startsWith(b, text)) - Number(startsWith(a, text)));
}

function startsWith({ label }: Item, text: string): boolean {
  return label.toLowerCase().startsWith(text);
}

/** Puts items of one group together; the group of the best item comes first. */
export function groupItems(items: readonly Item[]): readonly (readonly [Item['group'], readonly Item[]])[] {
  const groups = new Map<Item['group'], Item[]>();
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  return [...groups];
}
