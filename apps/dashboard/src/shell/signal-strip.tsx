import { useQuery } from '@tanstack/react-query';
import { recentQuery } from '../data/recent.ts';
import { formatCount, plural } from '../ui/numbers.ts';
import styles from './signal-strip.module.css';

const COLUMN = 4;
const HEIGHT = 24;
const MINUTES = 60;

/** Draws the last hour, a column a minute: its height is the volume, a red cap means dead letters. */
export function SignalStrip() {
  const { data } = useQuery(recentQuery);
  const minutes = data?.buckets ?? [];
  const most = Math.max(1, ...minutes.map(({ accepted }) => accepted));
  const sum = (of: 'accepted' | 'dead') => minutes.reduce((total, minute) => total + minute[of], 0);
  return (
    <svg
      className={styles['strip']}
      width={MINUTES * COLUMN}
      height={HEIGHT}
      viewBox={`0 0 ${MINUTES * COLUMN} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Last 60 minutes: ${plural(sum('accepted'), 'event')}, ${formatCount(sum('dead'))} dead`}
    >
      <path d={`M0 ${HEIGHT - 0.5}h${MINUTES * COLUMN}`} stroke="var(--control)" />
      {minutes.map(({ at, accepted, dead }, index) => {
        const height = accepted === 0 ? 0 : Math.max(2, Math.round((accepted / most) * (HEIGHT - 2)));
        const cap = dead === 0 ? 0 : 4;
        return (
          <g key={at}>
            <rect
              x={index * COLUMN}
              y={HEIGHT - 1 - height}
              width={COLUMN - 1}
              height={height}
              fill="var(--text)"
            />
            {cap > 0 && (
              <rect
                x={index * COLUMN}
                y={Math.max(0, HEIGHT - 1 - height - cap)}
                width={COLUMN - 1}
                height={cap}
                fill="var(--dead)"
              />
            )}
          </g>
        );
      })}
    </svg>
  );
}
