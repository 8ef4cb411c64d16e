import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Row } from '../data/live-rows.ts';
import styles from './data-table.module.css';

/** A column: what it is called, how a cell looks, how wide it is. */
export type Column<Item> = {
  readonly key: string;
  readonly name: string;
  readonly render: (item: Item) => React.ReactNode;
  /** A CSS width; the columns without one share the rest. */
  readonly width?: string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
  /** Shown from this width of the window on, in px; columns without it always are. */
  readonly from?: 600 | 900 | 1200;
};

const ROW_HEIGHT = 32;
const OVERSCAN = 8;

/**
 * Shows rows of which there may be very many: only those in view are in the page. Arrow keys or `j` and `k` move, Enter
 * opens. The focused row stays in the page when it is scrolled out of view, or the focus would be lost.
 */
export function DataTable<Item extends Row>({
  label,
  columns: allColumns,
  items,
  total,
  onOpen,
  onEnd,
  toTone,
  onReading,
}: {
  readonly label: string;
  readonly columns: readonly Column<Item>[];
  readonly items: readonly Item[];
  /** How many there are in all, where that is known. */
  readonly total?: number;
  readonly onOpen?: (item: Item) => void;
  /** Called when the end comes into view. */
  readonly onEnd?: () => void;
  /** Marks a row that needs attention; most need none. */
  readonly toTone?: (item: Item) => 'dead' | 'failed' | 'rejected' | undefined;
  /** Told whether somebody reads: scrolled down, points at a row, or has the focus in the table. */
  readonly onReading?: (reading: boolean) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWindowWidth();
  const columns = allColumns.filter(({ from = 0 }) => width >= from);
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const focusedIndex = focusedId === null ? -1 : items.findIndex(({ id }) => id === focusedId);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => items[index]?.id ?? index,
    overscan: OVERSCAN,
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(count - 1, endIndex + overscan);
      const range = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
      if (focusedIndex >= 0 && (focusedIndex < first || focusedIndex > last)) range.push(focusedIndex);
      return range.sort((a, b) => a - b);
    },
  });
  const inView = virtual.getVirtualItems();
  const lastInView = inView.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && lastInView >= items.length - OVERSCAN) onEnd?.();
  }, [lastInView, items.length, onEnd]);
  const watch = useReading(onReading);

  function move(by: number): void {
    const index = Math.min(items.length - 1, Math.max(0, focusedIndex + by));
    const next = items[index];
    if (next === undefined) return;
    setFocusedId(next.id);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => {
      scroller.current
        ?.querySelector<HTMLElement>(`[data-row="${CSS.escape(next.id)}"]`)
        ?.focus({ preventScroll: true });
    });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      move(by);
    } else if (event.key === 'Enter' && focusedIndex >= 0) {
      const item = items[focusedIndex];
      if (item !== undefined) onOpen?.(item);
    }
  }

  let above = 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches whether somebody reads
    <div
      ref={scroller}
      className={styles['scroller']}
      onScroll={({ currentTarget }) => watch.scrolled(currentTarget.scrollTop > 0)}
      onPointerEnter={() => watch.pointed(true)}
      onPointerLeave={() => watch.pointed(false)}
      onFocus={() => watch.focused(true)}
      onBlur={() => watch.focused(false)}
    >
      <table className={styles['table']} aria-label={label} aria-rowcount={total ?? -1}>
        <colgroup>
          {columns.map(({ key, width }) => (
            <col key={key} style={width === undefined ? undefined : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ key, name, align }) => (
              <th key={key} scope="col" data-align={align}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown}>
          {inView.map((row) => {
            const item = items[row.index];
            if (item === undefined) return null;
            const gap = row.start - above;
            above = row.end;
            return [
              gap > 0 && (
                <tr key={`gap-${row.index}`}>
                  <td colSpan={columns.length} style={{ height: gap, padding: 0, border: 0 }} />
                </tr>
              ),
              <tr
                key={item.id}
                data-row={item.id}
                data-tone={toTone?.(item)}
                aria-rowindex={row.index + 2}
                tabIndex={item.id === focusedId || (focusedIndex < 0 && row.index === 0) ? 0 : -1}
                onFocus={() => setFocusedId(item.id)}
                onClick={() => onOpen?.(item)}
              >
                {columns.map(({ key, render, align }) => (
                  <td key={key} data-align={align}>
                    {render(item)}
                  </td>
                ))}
              </tr>,
            ];
          })}
          {virtual.getTotalSize() > above && (
            <tr>
              <td
                colSpan={columns.length}
                style={{ height: virtual.getTotalSize() - above, padding: 0, border: 0 }}
              />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Follows the width of the window, in px: what does not fit is left out, not squeezed. */
function useWindowWidth(): number {
  return useSyncExternalStore(subscribeToResize, () => window.innerWidth);
}

function subscribeToResize(listener: () => void): () => void {
  window.addEventListener('resize', listener);
  return () => window.removeEventListener('resize', listener);
}

/** Gathers the signs of somebody reading into one. */
function useReading(onReading: ((reading: boolean) => void) | undefined) {
  const signs = useRef({ scrolled: false, pointed: false, focused: false });
  const note = (sign: Partial<typeof signs.current>) => {
    Object.assign(signs.current, sign);
    const { scrolled, pointed, focused } = signs.current;
    onReading?.(scrolled || pointed || focused);
  };
  return {
    scrolled: (scrolled: boolean) => note({ scrolled }),
    pointed: (pointed: boolean) => note({ pointed }),
    focused: (focused: boolean) => note({ focused }),
  };
}
