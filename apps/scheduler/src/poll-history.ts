import type { PollOutcome, PollProgress } from '@sluice/contracts/poll';
import type { Logger } from '@sluice/runtime/logger';
import type { PollRuns } from '@sluice/store/poll-runs';

/** How a run ends, as the history shows it. */
export type HistoryEnd = {
  readonly outcome: Exclude<PollOutcome, 'running'>;
  readonly progress: PollProgress;
  readonly cursor: string | null;
  readonly error: string | null;
  readonly waitingUntil: Date | undefined;
};

/** What polling tells its history; nothing here rejects, because a run is worth more than its entry. */
export type PollHistory = {
  /** Notes that a run begins; call it only while holding the source's lease. */
  begin(run: HistoryStart): Promise<{ end(end: HistoryEnd): Promise<void> }>;
  /** Notes a run that was asked for and did not begin; `waitingUntil` where its source asked us to wait. */
  note(run: HistoryStart, outcome: NotBegun, waitingUntil?: Date): Promise<void>;
};

/** Why a run that was asked for did not begin. */
export const NOT_BEGUN = ['busy', 'paused', 'open', 'waiting', 'left'] as const satisfies PollOutcome[];
type NotBegun = (typeof NOT_BEGUN)[number];

type HistoryStart = { readonly source: string; readonly slot: number; readonly cursor: string | null };

const NOTHING: PollProgress = {
  ...{ pages: 0, records: 0, accepted: 0, duplicates: 0 },
  problems: { count: 0, first: [] },
};

/** Creates the history of the polls of one scheduler, in `poll_runs`. */
export function createPollHistory({
  runs,
  scheduler,
  logger,
  now,
}: {
  readonly runs: Pick<PollRuns, 'begin' | 'end' | 'note'>;
  readonly scheduler: string;
  readonly logger: Logger;
  readonly now: () => number;
}): PollHistory {
  const toStart = ({ source, slot, cursor }: HistoryStart) => {
    return { source, slot, scheduler, startedAt: new Date(now()), cursorBefore: cursor };
  };

  async function keep<Value>(source: string, writing: Promise<Value>): Promise<Value | undefined> {
    try {
      return await writing;
    } catch (err) {
      logger.warn({ err, source }, 'poll-run.not-noted');
      return undefined;
    }
  }

  return {
    async begin(run) {
      const id = await keep(run.source, runs.begin(toStart(run)));
      return {
        async end({ outcome, progress, cursor, error, waitingUntil }) {
          if (id === undefined) return;
          const end = {
            ...{ outcome, ...progress, endedAt: new Date(now()), cursorAfter: cursor, error },
            ...(waitingUntil === undefined ? {} : { waitingUntil }),
          };
          await keep(run.source, runs.end(id, end));
        },
      };
    },
    async note(run, outcome, waitingUntil) {
      const { cursor } = run;
      const end = {
        ...{ outcome, ...NOTHING, endedAt: new Date(now()), cursorAfter: cursor, error: null },
        ...(waitingUntil === undefined ? {} : { waitingUntil }),
      };
      await keep(run.source, runs.note(toStart(run), end));
    },
  };
}
