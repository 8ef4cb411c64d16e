/*
 * The one connection of a browser to the live stream, held for as long as its tab leads.
 *
 *  1. It goes on after the last id that was heard, if that is less than a minute old; else it begins now, and what is
 *     shown must be loaded again: nobody wants an hour of records replayed.
 *  2. When it breaks, is refused, or says nothing for 45 s (heartbeats come every 10 s), it is closed and opened again,
 *     after 1 s, 2 s, 4 s ... 30 s.
 *  3. After more than one failure, or when the server says `reset`, everybody is told to load again what is shown.
 */
import type { LiveMessage } from '@sluice/contracts/live';
import { toUrl } from './http.ts';
import type { LivePosition } from './live-position.ts';

/** What tabs are told, and tell one another; times in epoch ms. */
export type LiveNews =
  | { readonly kind: 'record'; readonly id: string; readonly at: number; readonly record: LiveMessage }
  | { readonly kind: 'beat'; readonly id: string | null; readonly at: number }
  /** What came between `since` and `at` may not have been told: what is shown must be loaded again. */
  | { readonly kind: 'resync'; readonly at: number; readonly since: number | null }
  | {
      readonly kind: 'lost';
      readonly at: number;
      readonly failures: number;
      /** When the stream is asked for again. */
      readonly retryAt: number;
    };

/** Older than this a position is given up, in ms. */
const RESUME_WITHIN_MS = 60_000;

/** A stream that says nothing for so long is dead, whatever the browser thinks, in ms. */
export const SILENT_MS = 45_000;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Returns how long to wait after so many failures in a row, in ms: 1 s, doubling to 30 s, up to a fifth less at random. */
export function toRetryMs(failures: number, random: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * (1 - random / 5);
}

/** Holds the stream until `signal` is aborted; `tell` hears what comes. */
export function holdStream(
  tell: (news: LiveNews) => void,
  position: LivePosition,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stream: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  function open(): void {
    const last = position.read();
    const canResume = last !== null && Date.now() - last.at < RESUME_WITHIN_MS;
    const opened = new EventSource(toUrl('/stream', { lastEventId: canResume ? last.id : null }));
    let wasTold = false;
    stream = opened;
    watchSilence();

    opened.addEventListener('open', () => {
      const at = Date.now();
      const isAfterGap = failures > 1 || (last !== null && !canResume);
      tell({ kind: 'beat', id: null, at });
      if (isAfterGap) tell({ kind: 'resync', at, since: last?.at ?? null });
      wasTold = isAfterGap;
      failures = 0;
      watchSilence();
    });
    opened.addEventListener('event', ({ data, lastEventId: id }: MessageEvent<string>) => {
      wasTold = false;
      watchSilence();
      tell({ kind: 'record', id, at: Date.now(), record: JSON.parse(data) as LiveMessage });
    });
    opened.addEventListener('heartbeat', ({ lastEventId: id }: MessageEvent<string>) => {
      wasTold = false;
      watchSilence();
      tell({ kind: 'beat', id: id === '' ? null : id, at: Date.now() });
      position.save();
    });
    opened.addEventListener('reset', ({ lastEventId: id }: MessageEvent<string>) => {
      const [at, since] = [Date.now(), position.read()?.at ?? null];
      watchSilence();
      tell({ kind: 'beat', id: id === '' ? null : id, at });
      if (!wasTold) tell({ kind: 'resync', at, since });
    });
    opened.addEventListener('error', () => {
      if (opened === stream) lose();
    });
  }

  function watchSilence(): void {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENT_MS);
  }

  function lose(): void {
    stream?.close();
    stream = undefined;
    clearTimeout(silence);
    failures += 1;
    const at = Date.now();
    const waitMs = toRetryMs(failures, Math.random());
    retry = setTimeout(open, waitMs);
    tell({ kind: 'lost', at, failures, retryAt: at + waitMs });
  }

  signal.addEventListener('abort', () => {
    clearTimeout(retry);
    clearTimeout(silence);
    stream?.close();
    position.save();
    resolve();
  });
  if (signal.aborted) resolve();
  else open();
  return promise;
}
