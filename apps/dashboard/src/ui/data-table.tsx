import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Row } from '../data/live-rows.ts';
import { useRowHeight } from '../shell/row-height.ts';
import type { Column } from './column.ts';
import styles from './data-table.module.css';
import type { Selection } from './selection.ts';
import { TableRow, toPosition } from './table-row.tsx';
import { useWindowWidth } from './window-width.ts';

/** A line across the table, above the row of this id or on top. */
export type Rule = { readonly aboveId: string | null; readonly text: React.ReactNode };

const OVERSCAN = 5;
const RULE = 'rule';

/**
 * Shows rows of which there may be very many: only those in view are in the page. Arrow keys or `j` and `k` move, Enter
 * opens, `x` selects. The focused row stays in the page when it is scrolled out of view, or the focus would be lost.
 */
export function DataTable<Item extends Row>({
  label,
  columns: allColumns,
  items,
  total,
  rule,
  selection,
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
  readonly rule?: Rule;
  readonly selection?: Selection;
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
  const columns = useMemo(
    () =>
      allColumns.filter(({ from = 0, until = Number.POSITIVE_INFINITY }) => width >= from && width < until),
    [allColumns, width],
  );
  const tracks = toTracks(columns, selection !== undefined);
  const rowHeight = useRowHeight();
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const focusedIndex = focusedId === null ? -1 : items.findIndex(({ id }) => id === focusedId);
  const ruleAt =
    rule === undefined
      ? -1
      : Math.max(
          0,
          items.findIndex(({ id }) => id === rule.aboveId),
        );
  const toPlace = (index: number) => (ruleAt >= 0 && index >= ruleAt ? index + 1 : index);
  const toIndex = (place: number) => (ruleAt >= 0 && place > ruleAt ? place - 1 : place);
  // Another function each time would have every row measured again with every frame of scrolling.
  const getItemKey = useCallback(
    (place: number) => {
      if (place === ruleAt) return RULE;
      return items[ruleAt >= 0 && place > ruleAt ? place - 1 : place]?.id ?? place;
    },
    [items, ruleAt],
  );
  const virtual = useVirtualizer({
    count: items.length + (ruleAt >= 0 ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey,
    overscan: OVERSCAN,
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(count - 1, endIndex + overscan);
      const range = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
      const focused = focusedIndex < 0 ? -1 : toPlace(focusedIndex);
      if (focused >= 0 && (focused < first || focused > last)) range.push(focused);
      return range.sort((a, b) => a - b);
    },
  });
  const inView = virtual.getVirtualItems();
  const lastInView = inView.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && lastInView >= items.length - OVERSCAN) onEnd?.();
  }, [lastInView, items.length, onEnd]);
  const watch = useReading(onReading);
  const latest = useRef({ items, selection, onOpen });
  latest.current = { items, selection, onOpen };
  const open = useCallback((item: Item) => latest.current.onOpen?.(item), []);
  const select = useCallback((id: string, isRange: boolean) => {
    latest.current.selection?.toggle(id, latest.current.items, isRange);
  }, []);

  function move(by: number): void {
    const index = Math.min(items.length - 1, Math.max(0, focusedIndex + by));
    const next = items[index];
    if (next === undefined) return;
    setFocusedId(next.id);
    virtual.scrollToIndex(toPlace(index));
    requestAnimationFrame(() => {
      scroller.current
        ?.querySelector<HTMLElement>(`[data-row="${CSS.escape(next.id)}"]`)
        ?.focus({ preventScroll: true });
    });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
    const item = items[focusedIndex];
    if (by !== undefined) {
      event.preventDefault();
      move(by);
    } else if (event.key === 'Enter' && item !== undefined && isOnRow(event)) {
      onOpen?.(item);
    } else if (event.key.toLowerCase() === 'x' && item !== undefined && selection !== undefined) {
      event.preventDefault();
      selection.toggle(item.id, items, event.shiftKey);
    }
  }

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
      {/* Roles are said because the layout of a table is not used: it lays all rows out again when one comes into view. */}
      {/* biome-ignore-start lint/a11y/noRedundantRoles: without the layout the elements lose their roles */}
      <table
        className={styles['table']}
        style={tracks}
        role="table"
        aria-label={label}
        aria-rowcount={total ?? -1}
      >
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            {selection !== undefined && (
              <th scope="col" role="columnheader">
                <span className="visually-hidden">Selected</span>
              </th>
            )}
            {columns.map(({ key, name, align }) => (
              <th key={key} scope="col" role="columnheader" data-align={align}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
          {inView.map((row) => {
            if (row.index === ruleAt) {
              return (
                <tr key={RULE} role="row" className={styles['rule']} style={toPosition(row.start)}>
                  <td role="cell">{rule?.text}</td>
                </tr>
              );
            }
            const index = toIndex(row.index);
            const item = items[index];
            if (item === undefined) return null;
            return (
              <TableRow
                key={item.id}
                item={item}
                columns={columns}
                rowIndex={row.index + 2}
                start={row.start}
                tone={toTone?.(item)}
                isSelected={selection === undefined ? null : selection.ids.has(item.id)}
                isTabStop={item.id === focusedId || (focusedIndex < 0 && index === 0)}
                onFocus={setFocusedId}
                onOpen={open}
                onSelect={select}
              />
            );
          })}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </div>
  );
}

/** Lays out the columns. Some must take what is left over: where all have widths it is the widest. */
function toTracks<Item>(columns: readonly Column<Item>[], isSelectable: boolean): React.CSSProperties {
  const widths = columns.map(({ width = '' }) => Number.parseInt(width, 10));
  const widest = widths.some(Number.isNaN) ? -1 : widths.indexOf(Math.max(...widths));
  const tracks = columns.map(({ width }, index) =>
    width === undefined || index === widest ? 'minmax(0, 1fr)' : width,
  );
  return { '--tracks': [...(isSelectable ? ['36px'] : []), ...tracks].join(' ') } as React.CSSProperties;
}

/** A link or a button in a row has its own Enter. */
function isOnRow({ target }: React.KeyboardEvent): boolean {
  return target instanceof Element && target.matches('[data-row]');
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
