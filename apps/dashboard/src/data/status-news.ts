/*
 * What becomes of events, told while somebody looks at events.
 *
 *  1. A page that shows events opens a WebSocket to `/stream/statuses/ws`: sockets are not among the six connections that a browser
 *     keeps to an origin, so this one needs no leader among the tabs.
 *  2. What comes is handed over four times a second at most, the last status of each event only.
 *  3. A hidden tab lets go of it, and goes on after the last message when it is looked at.
 *  4. When the server no longer has what was missed it says so (`onMissed`): what is shown must be loaded again.
 */
import type { StatusItem } from '@sluice/contracts/live';
import { useEffect, useRef } from 'react';
import { toUrl } from './http.ts';

/** How often statuses are handed over at most, in ms. */
const HAND_OVER_MS = 250;

/** How long to wait before a broken connection is opened again, in ms. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

type Message =
  | { readonly event: 'status'; readonly id: string; readonly data: StatusItem }
  | { readonly event: 'heartbeat' | 'reset'; readonly id: string | null };

type Hearer = {
  /** Hears the newest status of each event that got one, the oldest first. */
  readonly onItems: (items: readonly StatusItem[]) => void;
  readonly onMissed?: () => void;
};

/** Hears what becomes of events while the component is shown and `isOn` is true. */
export function useStatusNews(hearer: Hearer, isOn = true): void {
  const latest = useRef(hearer);
  latest.current = hearer;
  useEffect(() => {
    if (!isOn) return;
    const closing = new AbortController();
    followStatuses(
      { onItems: (items) => latest.current.onItems(items), onMissed: () => latest.current.onMissed?.() },
      closing.signal,
    );
    return () => closing.abort();
  }, [isOn]);
}

function followStatuses({ onItems, onMissed }: Required<Hearer>, signal: AbortSignal): void {
  const waiting = new Map<string, StatusItem>();
  let lastId: string | null = null;
  let socket: WebSocket | undefined;
  let waitMs = FIRST_WAIT_MS;
  let handOver: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;

  function hear({ data }: MessageEvent<string>): void {
    const message = JSON.parse(data) as Message;
    waitMs = FIRST_WAIT_MS;
    if (message.id !== null && message.id !== '') lastId = message.id;
    if (message.event === 'reset') onMissed();
    if (message.event !== 'status') return;
    waiting.delete(message.data.id);
    waiting.set(message.data.id, message.data);
    handOver ??= setTimeout(() => {
      handOver = undefined;
      const items = [...waiting.values()];
      waiting.clear();
      onItems(items);
    }, HAND_OVER_MS);
  }

  function open(): void {
    if (signal.aborted || document.visibilityState === 'hidden') return;
    const opened = new WebSocket(toUrl('/stream/statuses/ws', { lastEventId: lastId }));
    socket = opened;
    opened.onmessage = hear;
    opened.onclose = () => {
      if (signal.aborted || socket !== opened) return;
      socket = undefined;
      again = setTimeout(open, waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    };
  }

  function close(): void {
    clearTimeout(again);
    const closed = socket;
    socket = undefined;
    closed?.close();
  }

  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') close();
      else if (socket === undefined) open();
    },
    { signal },
  );
  signal.addEventListener('abort', () => {
    clearTimeout(handOver);
    close();
  });
  open();
}
