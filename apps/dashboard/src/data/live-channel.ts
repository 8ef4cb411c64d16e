/*
 * One stream per browser, however many tabs are open: HTTP/1.1 allows six connections to an origin, and every tab
 * would hold one for ever.
 *
 *  1. Each tab asks for the lock `sluice-live`; the one that has it opens the stream and tells the others what comes.
 *  2. When its tab is closed, the browser gives the lock to the next one, which goes on after the last id.
 *  3. A heartbeat comes every 10 s: what is older than 15 s is late, older than 45 s is stale.
 *  4. `reset` means that the server no longer has what was missed: what is shown must be loaded again.
 *  5. A tab that nobody looks at for 5 minutes lets go of the stream, and catches up when it is looked at.
 */
import type { LiveMessage } from '@sluice/contracts/live';
import { toUrl } from './http.ts';

/** What tabs tell one another. */
export type LiveNews =
  | { readonly kind: 'record'; readonly id: string; readonly at: number; readonly record: LiveMessage }
  | { readonly kind: 'beat'; readonly id: string | null; readonly at: number }
  | { readonly kind: 'reset'; readonly at: number; readonly reason: string }
  | { readonly kind: 'lost'; readonly at: number };

const CHANNEL = 'sluice-live';

/** How long a hidden tab keeps the stream, in ms. */
const HIDDEN_MS = 5 * 60_000;

/** Where the last id is kept, so that the next leader goes on after it. */
const LAST_ID_KEY = 'sluice-live-last-id';

/** Follows the live stream until `signal` is aborted; `onNews` hears everything, in whichever tab it arrives. */
export function followLive(onNews: (news: LiveNews) => void, signal: AbortSignal): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<LiveNews>) => onNews(data);
  signal.addEventListener('abort', () => channel.close());
  const tell = (news: LiveNews) => {
    onNews(news);
    if (!signal.aborted) channel.postMessage(news);
  };
  void leadWhileVisible(tell, signal);
}

async function leadWhileVisible(tell: (news: LiveNews) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await untilVisible(signal);
    const hidden = new AbortController();
    const stopWatching = watchHidden(() => hidden.abort());
    const until = AbortSignal.any([signal, hidden.signal]);
    try {
      await navigator.locks.request(CHANNEL, { signal: until }, () => lead(tell, until));
    } catch {
      // The wait for the lock was broken off, because the tab is hidden or closed.
    } finally {
      stopWatching();
    }
  }
}

/** How long to wait before a stream that the server refused is asked for again, in ms. */
const AGAIN_MS = 2000;

/** Holds the stream until `signal` is aborted. */
function lead(tell: (news: LiveNews) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let again: ReturnType<typeof setTimeout> | undefined;
    let stream = open();
    signal.addEventListener('abort', () => {
      clearTimeout(again);
      stream.close();
      resolve();
    });

    function open(): EventSource {
      const opened = new EventSource(toUrl('/stream', { lastEventId: localStorage.getItem(LAST_ID_KEY) }));
      const keep = (id: string) => {
        if (id !== '') localStorage.setItem(LAST_ID_KEY, id);
      };
      opened.addEventListener('open', () => tell({ kind: 'beat', id: null, at: Date.now() }));
      opened.addEventListener('event', ({ data, lastEventId }: MessageEvent<string>) => {
        keep(lastEventId);
        tell({ kind: 'record', id: lastEventId, at: Date.now(), record: JSON.parse(data) as LiveMessage });
      });
      opened.addEventListener('heartbeat', ({ lastEventId }: MessageEvent<string>) => {
        keep(lastEventId);
        tell({ kind: 'beat', id: lastEventId === '' ? null : lastEventId, at: Date.now() });
      });
      opened.addEventListener('reset', ({ data, lastEventId }: MessageEvent<string>) => {
        keep(lastEventId);
        tell({ kind: 'reset', at: Date.now(), reason: data });
      });
      opened.addEventListener('error', () => {
        tell({ kind: 'lost', at: Date.now() });
        // The browser comes back by itself after a cut, but gives up for good after a refusal, like 503.
        if (opened.readyState === EventSource.CLOSED && !signal.aborted) {
          again = setTimeout(() => {
            stream = open();
          }, AGAIN_MS);
        }
      });
      return opened;
    }
  });
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible' || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      if (document.visibilityState !== 'visible' && !signal.aborted) return;
      document.removeEventListener('visibilitychange', done);
      resolve();
    };
    document.addEventListener('visibilitychange', done);
    signal.addEventListener('abort', done);
  });
}

function watchHidden(onLong: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(onLong, HIDDEN_MS);
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
