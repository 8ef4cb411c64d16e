/*
 * A list that stays readable while things arrive.
 *
 *  1. Pages are loaded by keyset, so that arrivals move nothing.
 *  2. The newest page is asked for again and again. What is known is brought up to date in place.
 *  3. What is new is put on top only while nobody reads; else it waits behind "37 new", at most 2,000 of it.
 *     On top of 2,000 rows nothing more is put: the list begins anew, or an open page would grow for days.
 *  4. When the newest page holds nothing that is known, something lies between: that is a gap, and the list says so
 *     instead of showing rows as neighbours that are none.
 */

/** A row of any list. */
export type Row = { readonly id: string };

export type LiveRows<Item extends Row> = {
  /** What is shown, the newest first. */
  readonly shown: readonly Item[];
  /** What arrived since, the newest first, and is not shown yet. */
  readonly held: readonly Item[];
  /** More arrived than can be held: the list must be loaded again. */
  readonly overflown: boolean;
};

/** How many arrivals are held back. */
const MAX_HELD = 2000;

/** How many rows a list has at most after new ones were put on top. */
const MAX_SHOWN = 2000;

/** A list of which nothing is known yet. */
export const NO_ROWS: LiveRows<never> = { shown: [], held: [], overflown: false };

/** Begins a list, or begins it anew, with its newest page. */
export function beginRows<Item extends Row>(page: readonly Item[]): LiveRows<Item> {
  return { shown: page, held: [], overflown: false };
}

/** Adds the next older page; rows that are known already stay where they are. */
export function appendRows<Item extends Row>(rows: LiveRows<Item>, page: readonly Item[]): LiveRows<Item> {
  const known = new Set(rows.shown.map(({ id }) => id));
  return { ...rows, shown: [...rows.shown, ...page.filter(({ id }) => !known.has(id))] };
}

/** Takes the newest page in: known rows in place, new ones on top where `insert` is true, else held back. */
export function refreshRows<Item extends Row>(
  rows: LiveRows<Item>,
  newest: readonly Item[],
  { insert }: { readonly insert: boolean },
): LiveRows<Item> {
  const fresh = new Map(newest.map((item) => [item.id, item]));
  const update = (item: Item) => fresh.get(item.id) ?? item;
  const shown = rows.shown.map(update);
  const held = rows.held.map(update);
  const known = new Set([...shown, ...held].map(({ id }) => id));
  const arrived = newest.filter(({ id }) => !known.has(id));
  const isGap = known.size > 0 && newest.length > 0 && arrived.length === newest.length;
  if (isGap) return insert ? beginRows(newest) : { shown, held, overflown: true };
  const waiting = [...arrived, ...held];
  if (insert && !rows.overflown) {
    if (waiting.length > 0 && waiting.length + shown.length > MAX_SHOWN) return beginRows(newest);
    return { shown: [...waiting, ...shown], held: [], overflown: false };
  }
  if (waiting.length > MAX_HELD) return { shown, held: [], overflown: true };
  return { shown, held: waiting, overflown: rows.overflown };
}

/** Brings rows up to date in their place, shown ones and held ones; the others stay the same objects. */
export function patchRows<Item extends Row>(
  rows: LiveRows<Item>,
  patch: (item: Item) => Item,
): LiveRows<Item> {
  const shown = rows.shown.map(patch);
  const held = rows.held.map(patch);
  const isSame = (before: readonly Item[], after: readonly Item[]) =>
    before.every((item, index) => item === after[index]);
  if (isSame(rows.shown, shown) && isSame(rows.held, held)) return rows;
  return { ...rows, shown, held };
}

/** Puts what was held back on top. */
export function showHeld<Item extends Row>(rows: LiveRows<Item>): LiveRows<Item> {
  return { shown: [...rows.held, ...rows.shown], held: [], overflown: rows.overflown };
}
