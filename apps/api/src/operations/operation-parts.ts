import type { StoreConnection } from '@sluice/store/connection';
import { createDeadLetters } from '@sluice/store/dead-letters';
import { createOperations } from '@sluice/store/operations';
import { createRawEvents } from '@sluice/store/raw-events';
import type { EventRoutesOptions } from '../routes/events.ts';
import type { ReplayRoutesOptions } from '../routes/replays.ts';
import { createOperationStarter } from './start-operation.ts';

/** Starting an operation asks MongoDB up to three times, one after the other, and the answer may take 3 s. */
const TIMEOUT_MS = 900;

/** Counting a plan, or groups, takes longest: about a second for a million dead letters. */
const COUNT_TIMEOUT_MS = 1800;

/** Creates what the routes of replays, discards and dead letters work with, on the connections of a process. */
export function createOperationParts({
  store,
  readDetail,
  maxPerSecond,
  now,
}: {
  readonly store: StoreConnection;
  readonly readDetail: EventRoutesOptions['readDetail'];
  /** The highest rate that a replay may ask for (`REPLAY_MAX_PER_SECOND`). */
  readonly maxPerSecond: number;
  readonly now: () => number;
}): ReplayRoutesOptions {
  const operations = createOperations(store, { timeoutMs: TIMEOUT_MS });
  const deadLetters = createDeadLetters(store, { timeoutMs: COUNT_TIMEOUT_MS });
  const rawEvents = createRawEvents(store, { timeoutMs: TIMEOUT_MS });
  const starter = createOperationStarter({ operations, deadLetters, rawEvents, readDetail, now });
  return { operations, deadLetters, starter, maxPerSecond, now };
}
