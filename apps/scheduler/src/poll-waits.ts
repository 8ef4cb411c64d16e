import { createHash } from 'node:crypto';
import type { PollSource } from '@sluice/contracts/source';

/** Until when the sources of a scheduler have asked to be left alone; one that was changed is asked again. */
export type PollWaits = {
  /** Returns the end of a source's wait, epoch ms; minus infinity where there is none. */
  until(source: PollSource): number;
  add(source: PollSource, untilMs: number): void;
};

/** Creates the waits of one scheduler. */
export function createPollWaits(): PollWaits {
  const waits = new Map<string, { readonly mark: string; readonly untilMs: number }>();
  return {
    until(source) {
      const wait = waits.get(source.id);
      return wait?.mark === toWaitMark(source) ? wait.untilMs : Number.NEGATIVE_INFINITY;
    },
    add(source, untilMs) {
      waits.set(source.id, { mark: toWaitMark(source), untilMs });
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
