import { memo } from 'react';
import type { Row } from '../data/live-rows.ts';
import type { Column } from './column.ts';
import styles from './data-table.module.css';

function PlainRow<Item extends Row>({
  item,
  columns,
  rowIndex,
  start,
  tone,
  isSelected,
  isTabStop,
  onFocus,
  onOpen,
  onSelect,
}: {
  readonly item: Item;
  readonly columns: readonly Column<Item>[];
  readonly rowIndex: number;
  /** How far below the first row it stands, in px. */
  readonly start: number;
  readonly tone: 'dead' | 'failed' | 'rejected' | undefined;
  /** Null where nothing can be selected. */
  readonly isSelected: boolean | null;
  readonly isTabStop: boolean;
  readonly onFocus: (id: string) => void;
  readonly onOpen: (item: Item) => void;
  readonly onSelect: (id: string, isRange: boolean) => void;
}) {
  return (
    <tr
      // biome-ignore lint/a11y/noRedundantRoles: a grid is no row unless it says so
      role="row"
      style={toPosition(start)}
      data-row={item.id}
      data-tone={tone}
      data-selected={isSelected === true}
      aria-rowindex={rowIndex}
      tabIndex={isTabStop ? 0 : -1}
      onFocus={() => onFocus(item.id)}
      onClick={() => onOpen(item)}
    >
      {isSelected !== null && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: `x` selects
        // biome-ignore lint/a11y/noRedundantRoles: as the row
        <td role="cell" onClick={(click) => click.stopPropagation()} className={styles['select']}>
          <label>
            <input
              type="checkbox"
              tabIndex={-1}
              checked={isSelected}
              aria-label={`Select ${item.id}`}
              onClick={(click) => onSelect(item.id, click.shiftKey)}
              readOnly
            />
          </label>
        </td>
      )}
      {columns.map(({ key, render, align }) => (
        // biome-ignore lint/a11y/noRedundantRoles: as the row
        <td key={key} role="cell" data-align={align}>
          {render(item)}
        </td>
      ))}
    </tr>
  );
}

/** Puts a row where it belongs: rows do not push each other, so that one that comes into view moves no other. */
export function toPosition(start: number): React.CSSProperties {
  return { transform: `translateY(${start}px)` };
}

/** A row of a DataTable, which is drawn again only when something of it changed: not while others scroll into view. */
export const TableRow = memo(PlainRow) as typeof PlainRow;
