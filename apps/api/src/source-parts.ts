import type { TrialWorkers } from '@sluice/normalizer/trial-normalizer';
import type { PollsProducer } from '@sluice/queue/polls';
import type { SecretBox } from '@sluice/sources/secret-box';
import { createCheckpoints } from '@sluice/store/checkpoints';
import type { StoreConnection } from '@sluice/store/connection';
import { createMappings } from '@sluice/store/mappings';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { createTrialEvents } from '@sluice/store/trial-events';
import type { MappingRoutesOptions } from './routes/mappings.ts';
import type { PollCursorRoutesOptions } from './routes/poll-cursor.ts';
import type { SourceRoutesOptions } from './routes/sources.ts';

/** No request asks MongoDB more than twice in a row that may be slow, and the answer may take no more than 3 s. */
const TIMEOUT_MS = 1200;

/** Creates what the routes of sources and mappings work with, on the connections of a process. */
export function createSourceParts({
  store,
  polls,
  box,
  workers,
  now,
}: {
  readonly store: StoreConnection;
  readonly polls: Pick<PollsProducer, 'addPoll'>;
  readonly box: SecretBox;
  readonly workers: TrialWorkers;
  readonly now: () => number;
}): SourceRoutesOptions & MappingRoutesOptions & PollCursorRoutesOptions {
  const timeoutMs = TIMEOUT_MS;
  return {
    sources: createSourceStore(store, { timeoutMs }),
    mappings: createMappings(store, { timeoutMs }),
    pollRuns: createPollRuns(store, { timeoutMs }),
    checkpoints: createCheckpoints(store, { timeoutMs }),
    trialEvents: createTrialEvents(store, { timeoutMs }),
    ...{ polls, box, workers, now },
  };
}
