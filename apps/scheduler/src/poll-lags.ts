import { setTimeout as wait } from 'node:timers/promises';
import { toLagSeconds } from '@sluice/contracts/poll';
import type { Logger } from '@sluice/runtime/logger';
import type { PollRuns, WholeRun } from '@sluice/store/poll-runs';

/** How far sources are behind. */
export type PollLags = {
  /**
   * Returns the lag of every active source in seconds, the same as `lagSeconds` of `GET /api/sources/:id`; a source that
   * was never read to its end is not among them. While MongoDB is away it goes by what was last known.
   */
  read(): Promise<ReadonlyMap<string, number>>;
};

/** How long an answer may wait for MongoDB: whoever reads metrics shall have the others. */
const PATIENCE_MS = 1000;

/** Creates what tells how far sources are behind; `listSources` names the active ones. */
export function createPollLags({
  runs,
  listSources,
  logger,
  now,
  patienceMs = PATIENCE_MS,
}: {
  readonly runs: Pick<PollRuns, 'findLastWhole'>;
  readonly listSources: () => readonly string[];
  readonly logger: Logger;
  readonly now: () => number;
  readonly patienceMs?: number;
}): PollLags {
  let known: ReadonlyMap<string, WholeRun> = new Map();
  let looking: Promise<void> | undefined;

  async function lookAgain(): Promise<void> {
    try {
      known = await runs.findLastWhole(listSources());
    } catch (err) {
      logger.debug({ err }, 'poll-lags.not-read');
    }
  }

  return {
    async read() {
      looking ??= lookAgain().finally(() => {
        looking = undefined;
      });
      const patience = new AbortController();
      await Promise.race([looking, wait(patienceMs, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      const nowMs = now();
      return new Map([...known].map(([id, run]) => [id, toLagSeconds([run], nowMs) ?? 0]));
    },
  };
}
