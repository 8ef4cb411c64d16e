import { useMemo, useRef, useState } from 'react';
import type { Row } from '../data/live-rows.ts';

/** Which rows of a list are selected. */
export type Selection = {
  readonly ids: ReadonlySet<string>;
  /** Selects a row or lets it go; with `range` all from the last one that was touched to this one. */
  toggle(id: string, items: readonly Row[], range: boolean): void;
  clear(): void;
};

/** Keeps which rows of a list are selected. */
export function useSelection(): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  return useMemo(
    () => ({
      ids,
      toggle(id, items, range) {
        const isOn = !ids.has(id);
        const touched = range ? toRange(items, anchor.current, id) : [id];
        anchor.current = id;
        const next = new Set(ids);
        for (const one of touched) {
          if (isOn || range) next.add(one);
          else next.delete(one);
        }
        setIds(next);
      },
      clear() {
        anchor.current = null;
        setIds(new Set());
      },
    }),
    [ids],
  );
}

/** Returns the ids from one row to another, whichever comes first. */
export function toRange(items: readonly Row[], from: string | null, to: string): readonly string[] {
  const [start, end] = [items.findIndex(({ id }) => id === from), items.findIndex(({ id }) => id === to)];
  if (start < 0 || end < 0) return [to];
  return items.slice(Math.min(start, end), Math.max(start, end) + 1).map(({ id }) => id);
}
