import type { DeadFilter } from '@sluice/contracts/operations';
import { useState } from 'react';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { plural } from '../../ui/numbers.ts';
import type { Selection } from '../../ui/selection.ts';
import { ReplayDialog } from '../dead-letters/replay-dialog.tsx';
import styles from './events.module.css';
import type { EventSearch } from './search.ts';

/** How many events one replay can name one by one. */
const MAX_IDS = 1000;

/** Acts on the events that are selected, or on all that the filter matches; both show their plan first. */
export function BulkBar({
  search,
  selection,
  onPlanning,
}: {
  readonly search: EventSearch;
  readonly selection: Selection;
  /** Told while a plan is open: the list must not move under it. */
  readonly onPlanning: (isOpen: boolean) => void;
}) {
  const lack = useLack('operator');
  const [filter, setFilter] = useState<DeadFilter | null>(null);
  const count = selection.ids.size;
  const isDead = search.status === 'dead';
  const plan = (next: DeadFilter | null) => {
    setFilter(next);
    onPlanning(next !== null);
  };
  if (count === 0 && !isDead && filter === null) return null;
  return (
    <fieldset className={styles['bulk']} aria-label="Bulk actions">
      {count > 0 && (
        <>
          <b>{plural(count, 'event')} selected</b>
          <Action
            weight="primary"
            aria-keyshortcuts="r"
            reason={lack ?? toReason(search, count)}
            onClick={() => plan({ status: 'dead', ids: [...selection.ids] })}
          >{`Replay ${plural(count, 'selected event')}…`}</Action>
          <Action weight="quiet" onClick={selection.clear}>
            Select none
          </Action>
        </>
      )}
      {count === 0 && isDead && (
        <Action reason={lack} onClick={() => plan(toFilter(search))}>
          Replay all that match…
        </Action>
      )}
      {filter !== null && <ReplayDialog filter={filter} opened onClose={() => plan(null)} />}
    </fieldset>
  );
}

function toReason({ status }: EventSearch, count: number): string | undefined {
  if (status !== 'dead') return 'only dead events can be replayed: choose the tab Dead';
  return count > MAX_IDS ? `at most ${MAX_IDS} at once; or replay all that match` : undefined;
}

function toFilter({ source, code, fingerprint, from, to }: EventSearch): DeadFilter {
  return {
    status: 'dead',
    ...(source === undefined ? {} : { source }),
    ...(code === undefined ? {} : { code }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}
