import { createHash } from 'node:crypto';
import type { PollSource } from '@sluice/contracts/source';

/** How long the sources of a scheduler have asked to be left alone; one that was changed is asked again. */
export type PollWaits = {
  /** Returns how long a source is still to be left alone, in ms; 0 when it is not. */
  leftMs(source: PollSource): number;
  /** Notes that a source asks to be left alone for so long from now on. */
  add(source: PollSource, forMs: number): void;
};

/** Creates the waits of one scheduler; `elapsed` is a clock in ms that nobody sets, `performance.now` by default. */
export function createPollWaits({ elapsed = () => performance.now() } = {}): PollWaits {
  const waits = new Map<string, { readonly mark: string; readonly untilMs: number }>();
  return {
    leftMs(source) {
      const wait = waits.get(source.id);
      return wait?.mark === toWaitMark(source) ? Math.ceil(Math.max(0, wait.untilMs - elapsed())) : 0;
    },
    add(source, forMs) {
      waits.set(source.id, { mark: toWaitMark(source), untilMs: elapsed() + forMs });
    },
  };
}

/** Names what asked to be left alone: the source as it is declared, without its secret, because the mark is stored. */
export function toWaitMark({ auth, ...source }: PollSource): string {
  const { secret: _, ...open } = auth ?? { secret: undefined };
  return createHash('sha256')
    .update(JSON.stringify([source, open]))
    .digest('hex')
    .slice(0, 32);
}
