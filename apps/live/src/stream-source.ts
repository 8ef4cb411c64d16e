import { LIVE_EVENTS } from '@sluice/contracts/live';
import { type Change, type Watch, watchNormalized, watchStatuses } from '@sluice/store/changes';
import type { StoreConnection } from '@sluice/store/connection';
import { type Labels, type LiveEntry, toMessage } from './frames.ts';

/** What to watch from, and whom to tell; `WatchOptions` of the store, with messages in place of changes. */
export type WatchEntriesOptions = {
  readonly resumeAfter?: string;
  readonly onEntry: (entry: LiveEntry) => void | Promise<void>;
  readonly onPosition: (token: string) => void;
  readonly onError: (error: unknown) => void;
};

/** Watches what a stream tells of. */
export type WatchEntries = (options: WatchEntriesOptions) => Watch;

/** Watches new records; filters look at `source`, `type` and `subject`. */
export function createRecordSource(store: StoreConnection): WatchEntries {
  return ({ onEntry, ...options }) =>
    watchNormalized(store, {
      ...options,
      onRecord(change) {
        const { source, type, subject } = change.item;
        return onEntry(toEntry(LIVE_EVENTS.event, change, { source, type, subject }));
      },
    });
}

/** Watches what becomes of events; filters look at `source` and `status`. */
export function createStatusSource(store: StoreConnection): WatchEntries {
  return ({ onEntry, ...options }) =>
    watchStatuses(store, {
      ...options,
      onRecord(change) {
        const { source, status } = change.item;
        return onEntry(toEntry(LIVE_EVENTS.status, change, { source, status }));
      },
    });
}

function toEntry(
  event: 'event' | 'status',
  { token, tenant, at, item }: Change<unknown>,
  labels: Labels,
): LiveEntry {
  return { ...toMessage(event, token, item), token, tenant, at: at.getTime(), labels };
}
