import { useHeardAt, useLiveState } from '../data/live-context.ts';
import type { Connection, LiveState } from '../data/live-store.ts';
import { useNow } from '../ui/clock.ts';
import { formatDuration } from '../ui/time.tsx';
import styles from './connection-word.module.css';

const WORDS: Readonly<Record<Connection | 'paused', string>> = {
  connecting: 'Connecting',
  live: 'Live',
  delayed: 'Delayed',
  reconnecting: 'Reconnecting',
  stale: 'Stale',
  paused: 'Paused',
};

/** Says how old the page is: Live, Delayed after 15 s without a sign, Stale after 45 s or once the stream is gone. */
export function ConnectionWord() {
  const state = useLiveState();
  const now = useNow();
  const heardAt = useHeardAt();
  const kind = state.pausedAt === null ? state.connection : 'paused';
  const { age, retry } = describe(state, heardAt, now);
  return (
    <span className={styles['word']} data-connection={kind}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {GLYPHS[kind]}
      </svg>
      {/* Said at once when the connection is lost, and nothing else: the seconds beside it would be read out for ever. */}
      <span role="alert">{kind === 'stale' ? WORDS.stale : ''}</span>
      {kind !== 'stale' && WORDS[kind]}
      {age !== null && <span className={styles['age']}>{age}</span>}
      {retry !== null && <span className={styles['retry']}>{retry}</span>}
    </span>
  );
}

const DASHED = (
  <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 2" />
);

const GLYPHS: Readonly<Record<Connection | 'paused', React.ReactNode>> = {
  connecting: DASHED,
  live: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  delayed: <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  reconnecting: DASHED,
  stale: <path d="M1 1l8 8M9 1 1 9" stroke="currentColor" strokeWidth="2" />,
  paused: <path d="M3 1v8M7 1v8" stroke="currentColor" strokeWidth="2" />,
};

function describe(
  { pausedAt, retry }: LiveState,
  heardAt: number | null,
  now: number,
): { readonly age: string | null; readonly retry: string | null } {
  const since = pausedAt ?? heardAt;
  return {
    age: since === null ? null : toSeconds(now - since),
    retry:
      retry === null || pausedAt !== null ? null : `try ${retry.failures} in ${toSeconds(retry.at - now)}`,
  };
}

function toSeconds(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return whole === 0 ? '0 s' : formatDuration(whole * 1000);
}
