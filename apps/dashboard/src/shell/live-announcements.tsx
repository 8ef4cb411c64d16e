import { useRef } from 'react';
import { useLiveNews } from '../data/live-context.ts';
import { plural } from '../ui/numbers.ts';
import { formatTime, useZone } from '../ui/time.tsx';
import { useAnnounce } from './announcer.tsx';

/** How long records are counted as one arrival, in ms: as long as messages are kept apart. */
const WINDOW_MS = 10_000;

/** Tells screen readers how many records came, and that what was missed is there again. */
export function LiveAnnouncements() {
  const announce = useAnnounce();
  const zone = useZone();
  const counted = useRef({ since: 0, count: 0 });
  useLiveNews((news) => {
    if (news.kind === 'resync') announce('resync', `Resynced ${formatTime(new Date(news.at), zone, false)}`);
    if (news.kind !== 'record') return;
    const { since, count } = counted.current;
    counted.current =
      news.at - since > WINDOW_MS ? { since: news.at, count: 1 } : { since, count: count + 1 };
    announce('records', plural(counted.current.count, 'new record'));
  });
  return null;
}
