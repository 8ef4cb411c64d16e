import { useEffect, useState } from 'react';
import { useLiveState } from '../data/live-context.ts';
import type { Connection } from '../data/live-store.ts';
import { formatDuration } from '../ui/time.tsx';
import styles from './connection-word.module.css';

const WORDS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  delayed: 'Delayed',
  stale: 'Stale',
};

/** Says how old the page is: Live, Delayed after 15 s without a sign, Stale after 45 s. */
export function ConnectionWord() {
  const { connection, lastHeardAt } = useLiveState();
  const now = useNow();
  const silentMs = lastHeardAt === null ? null : Math.max(0, now - lastHeardAt);
  return (
    <span
      className={styles['word']}
      data-connection={connection}
      role={connection === 'stale' ? 'alert' : undefined}
    >
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {connection === 'live' ? (
          <circle cx="5" cy="5" r="4" fill="currentColor" />
        ) : connection === 'stale' ? (
          <path d="M1 1l8 8M9 1 1 9" stroke="currentColor" strokeWidth="2" />
        ) : (
          <circle
            cx="5"
            cy="5"
            r="3.5"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeDasharray="2 2"
          />
        )}
      </svg>
      {WORDS[connection]}
      {silentMs !== null && (
        <span className={styles['age']}>{formatDuration(Math.floor(silentMs / 1000) * 1000)}</span>
      )}
    </span>
  );
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
