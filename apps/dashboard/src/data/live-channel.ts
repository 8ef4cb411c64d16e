/*
 * One stream per browser, however many tabs are open: HTTP/1.1 allows six connections to an origin, and every tab
 * would hold one for ever.
 *
 *  1. Each tab asks for the lock `sluice-live`; the one that has it holds the stream and tells the others what comes.
 *  2. A tab that is opened asks the leader how things stand, so that it need not wait for the next heartbeat.
 *  3. When the leader is closed, the browser gives the lock to the next tab, which goes on after the last id.
 *  4. A tab that nobody looks at for 5 minutes lets go of the stream, and catches up when it is looked at.
 */
import { createLivePosition } from './live-position.ts';
import { holdStream, type LiveNews } from './live-stream.ts';

const NAME = 'sluice-live';

/** How long a hidden tab keeps the stream, in ms. */
const HIDDEN_MS = 5 * 60_000;

type Message = LiveNews | { readonly kind: 'ask' };

/** Follows the live stream until `signal` is aborted; `onNews` hears everything, in whichever tab it arrives. */
export function followLive(onNews: (news: LiveNews) => void, signal: AbortSignal): void {
  const channel = new BroadcastChannel(NAME);
  // Where storage is switched off even the name throws, so it is said as late as may be.
  const position = createLivePosition({
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
  });
  let isLeading = false;
  let standing: LiveNews | undefined;

  function hear(news: LiveNews): void {
    if ((news.kind === 'record' || news.kind === 'beat') && news.id !== null) {
      position.note({ id: news.id, at: news.at });
    }
    onNews(news);
  }

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind !== 'ask') hear(data);
    else if (isLeading && standing !== undefined) channel.postMessage(standing);
  };
  channel.postMessage({ kind: 'ask' } satisfies Message);
  window.addEventListener('pagehide', position.save, { signal });
  signal.addEventListener('abort', () => channel.close());

  function tell(news: LiveNews): void {
    if (signal.aborted) return;
    if (news.kind === 'lost' || news.kind === 'beat') standing = news;
    hear(news);
    channel.postMessage(news);
  }

  void leadWhileVisible(async (until) => {
    isLeading = true;
    await holdStream(tell, position, until);
    isLeading = false;
  }, signal);
}

async function leadWhileVisible(
  lead: (until: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await untilVisible(signal);
    const hidden = new AbortController();
    const stopWatching = watchHidden(() => hidden.abort());
    const until = AbortSignal.any([signal, hidden.signal]);
    try {
      await navigator.locks.request(NAME, { signal: until }, () => lead(until));
    } catch (error) {
      // The wait for the lock was broken off, because the tab is hidden or closed.
      if (!until.aborted) throw error;
    } finally {
      stopWatching();
    }
  }
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible' || signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (document.visibilityState !== 'visible' && !signal.aborted) return;
    document.removeEventListener('visibilitychange', look);
    resolve();
  };
  document.addEventListener('visibilitychange', look);
  signal.addEventListener('abort', look);
  return promise;
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
