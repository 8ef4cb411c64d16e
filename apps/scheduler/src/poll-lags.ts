import { setTimeout as wait } from 'node:timers/promises';
import { type PollRun, toLagSeconds } from '@sluice/contracts/poll';
import type { Logger } from '@sluice/runtime/logger';
import type { PollRuns } from '@sluice/store/poll-runs';

/** How far sources are behind. */
export type PollLags = {
  /**
   * Returns the lag of every active source in seconds, the same as `lagSeconds` of `GET /api/sources/:id`; a source that
   * was never read to its end is not among them. While MongoDB is away it goes by what was last known.
   */
  read(): Promise<ReadonlyMap<string, number>>;
};

/** As many of the last runs of a source are looked at, as the api does; what was found before stands. */
const LOOKED_AT = 20;

/** Sources that are looked up at once. */
const PORTION = 16;

/** How long an answer may wait for MongoDB: whoever reads metrics shall have the others. */
const PATIENCE_MS = 1000;

type WholeRun = Pick<PollRun, 'outcome' | 'startedAt'>;

/** Creates what tells how far sources are behind; `listSources` names the active ones. */
export function createPollLags({
  runs,
  listSources,
  logger,
  now,
  patienceMs = PATIENCE_MS,
}: {
  readonly runs: Pick<PollRuns, 'list'>;
  readonly listSources: () => readonly string[];
  readonly logger: Logger;
  readonly now: () => number;
  readonly patienceMs?: number;
}): PollLags {
  let known: ReadonlyMap<string, WholeRun> = new Map();
  let looking: Promise<void> | undefined;

  async function lookAgain(): Promise<void> {
    const ids = listSources();
    const found = new Map<string, WholeRun>();
    try {
      for (let begin = 0; begin < ids.length; begin += PORTION) {
        await Promise.all(ids.slice(begin, begin + PORTION).map((id) => look(id, found)));
      }
      known = found;
    } catch (err) {
      logger.debug({ err }, 'poll-lags.not-read');
    }
  }

  async function look(id: string, found: Map<string, WholeRun>): Promise<void> {
    const whole = (await runs.list(id, LOOKED_AT)).find(({ outcome }) => outcome === 'polled');
    const last = whole ?? known.get(id);
    if (last !== undefined) found.set(id, last);
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
