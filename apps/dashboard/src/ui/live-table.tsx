import { useCallback, useEffect, useRef } from 'react';
import type { Query } from '../data/http.ts';
import { useLiveState } from '../data/live-context.ts';
import type { Row } from '../data/live-rows.ts';
import { type Resynced, type StatusRules, useLiveRows } from '../data/use-live-rows.ts';
import { useAnnounce } from '../shell/announcer.tsx';
import { Action } from './action.tsx';
import type { Column } from './column.ts';
import { DataTable } from './data-table.tsx';
import styles from './live-table.module.css';
import { formatCount } from './numbers.ts';
import type { Selection } from './selection.ts';
import { Failed, Loading, StaleFrame } from './states.tsx';
import { Time } from './time.tsx';

/**
 * A list of the api that is kept up to date without disturbing whoever reads it: what is new waits behind a button while the
 * pointer or the focus is in the table, it is scrolled, or something is selected.
 */
export function LiveTable<Item extends Row>({
  label,
  path,
  query,
  columns,
  live = true,
  isHeld = false,
  statuses,
  selection,
  onOpen,
  toTone,
  empty,
  bar,
}: {
  /** What the rows are, like "Events". */
  readonly label: string;
  readonly path: string;
  readonly query: Query;
  readonly columns: readonly Column<Item>[];
  readonly live?: boolean;
  /** Keeps what is new back, like while a menu or a dialog is open over the list. */
  readonly isHeld?: boolean;
  /** How what is told of events changes the list; only for lists of events. */
  readonly statuses?: StatusRules<Item>;
  readonly selection?: Selection;
  readonly onOpen?: (item: Item) => void;
  readonly toTone?: (item: Item) => 'dead' | 'failed' | 'rejected' | undefined;
  /** Shown when there is nothing. */
  readonly empty: React.ReactNode;
  /** Stands beside the news above the table. */
  readonly bar?: React.ReactNode;
}) {
  const { connection } = useLiveState();
  const announce = useAnnounce();
  const signs = useRef({ reading: false, held: false });
  signs.current.held = isHeld || (selection !== undefined && selection.ids.size > 0);
  const isBeingRead = useCallback(() => signs.current.reading || signs.current.held, []);
  const list = useLiveRows<Item>(path, query, { isBeingRead, live, statuses });
  const { rows, failure, loadedAt, newCount, resynced } = list;
  const news = describeNews(newCount, rows.overflown);
  const noun = label.toLowerCase();
  useEffect(() => {
    if (newCount > 0) announce(noun, `${formatCount(newCount)} new ${noun}`);
  }, [newCount, noun, announce]);
  return (
    <>
      <div className={styles['news']}>
        {news !== null && <Action onClick={list.showNew}>{news}</Action>}
        {bar}
      </div>
      {failure !== null && (
        <Failed
          what={`${label} could not be loaded`}
          failure={failure}
          onRetry={list.reload}
          {...(loadedAt > 0 ? { asOf: loadedAt } : {})}
        />
      )}
      {list.isLoading && failure === null && <Loading rows={12} label={`Loading ${noun}`} />}
      {!list.isLoading && failure === null && rows.shown.length === 0 && empty}
      {rows.shown.length > 0 && (
        <StaleFrame asOf={connection === 'stale' ? loadedAt : null}>
          <DataTable
            label={label}
            columns={columns}
            items={rows.shown}
            onReading={(isReading) => {
              signs.current.reading = isReading;
            }}
            {...(resynced === null
              ? {}
              : { rule: { aboveId: resynced.aboveId, text: <Resync resynced={resynced} noun={noun} /> } })}
            {...(selection === undefined ? {} : { selection })}
            {...(onOpen === undefined ? {} : { onOpen })}
            {...(toTone === undefined ? {} : { toTone })}
            {...(list.hasMore ? { onEnd: list.loadMore } : {})}
          />
        </StaleFrame>
      )}
    </>
  );
}

function Resync({ resynced: { at, count }, noun }: { readonly resynced: Resynced; readonly noun: string }) {
  const one = noun.replace(/s$/, '');
  return (
    <>
      Resynced <Time at={at} />:{' '}
      {count === null
        ? `more than 100 ${noun} arrived while disconnected; list reloaded`
        : `${formatCount(count)} ${count === 1 ? one : noun} arrived while disconnected`}
    </>
  );
}

const MANY = 2000;

function describeNews(count: number, isOverflown: boolean): string | null {
  if (count === 0 && !isOverflown) return null;
  if (count >= MANY) return `${formatCount(MANY)}+ new, load again`;
  if (count === 0) return 'More new ones, load again';
  return isOverflown ? `${formatCount(count)} new, load again` : `${formatCount(count)} new`;
}
