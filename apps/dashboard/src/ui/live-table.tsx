import { useCallback, useRef } from 'react';
import type { Query } from '../data/http.ts';
import { useLiveState } from '../data/live-context.ts';
import type { Row } from '../data/live-rows.ts';
import { useLiveRows } from '../data/use-live-rows.ts';
import { Action } from './action.tsx';
import { type Column, DataTable } from './data-table.tsx';
import styles from './live-table.module.css';
import { formatCount } from './numbers.ts';
import { Failed, Loading, StaleFrame } from './states.tsx';

/**
 * A list of the api that is kept up to date without disturbing whoever reads it: what is new waits behind a button while the
 * pointer or the focus is in the table, or it is scrolled.
 */
export function LiveTable<Item extends Row>({
  label,
  path,
  query,
  columns,
  live = true,
  onOpen,
  toTone,
  empty,
}: {
  /** What the rows are, like "Events". */
  readonly label: string;
  readonly path: string;
  readonly query: Query;
  readonly columns: readonly Column<Item>[];
  readonly live?: boolean;
  readonly onOpen?: (item: Item) => void;
  readonly toTone?: (item: Item) => 'dead' | 'failed' | 'rejected' | undefined;
  /** Shown when there is nothing. */
  readonly empty: React.ReactNode;
}) {
  const { connection } = useLiveState();
  const reading = useRef(false);
  const isBeingRead = useCallback(() => reading.current, []);
  const list = useLiveRows<Item>(path, query, { isBeingRead, live });
  const { rows, failure, loadedAt } = list;
  const waiting = rows.held.length;
  return (
    <>
      <p className={styles['news']} role="status">
        {(waiting > 0 || rows.overflown) && (
          <Action onClick={list.showNew}>
            {rows.overflown ? 'More than 2 000 new; load again' : `${formatCount(waiting)} new`}
          </Action>
        )}
      </p>
      {failure !== null && (
        <Failed
          what={`${label} could not be loaded`}
          failure={failure}
          onRetry={list.reload}
          {...(loadedAt > 0 ? { asOf: loadedAt } : {})}
        />
      )}
      {list.isLoading && failure === null && <Loading rows={12} label={`Loading ${label.toLowerCase()}`} />}
      {!list.isLoading && failure === null && rows.shown.length === 0 && empty}
      {rows.shown.length > 0 && (
        <StaleFrame asOf={connection === 'stale' ? loadedAt : null}>
          <DataTable
            label={label}
            columns={columns}
            items={rows.shown}
            onReading={(isReading) => {
              reading.current = isReading;
            }}
            {...(onOpen === undefined ? {} : { onOpen })}
            {...(toTone === undefined ? {} : { toTone })}
            {...(list.hasMore && !list.isLoadingMore ? { onEnd: list.loadMore } : {})}
          />
        </StaleFrame>
      )}
    </>
  );
}
