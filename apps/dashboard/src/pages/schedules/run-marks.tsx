import type { ScheduleItem } from '@sluice/contracts/schedules';
import { formatTime, useZone } from '../../ui/time.tsx';
import { describeOutcome, describeOutcomes, toShape } from './outcomes.ts';
import styles from './schedules.module.css';

type Run = ScheduleItem['runs'][number];

/** Draws the last runs as marks, the newest at the right; each has its shape and hue, and the words stand below. */
export function RunMarks({ runs }: { readonly runs: readonly Run[] }) {
  const zone = useZone();
  const words = describeOutcomes(runs);
  return (
    <div>
      <span className={styles['marks']} role="img" aria-label={`The last ${runs.length} runs: ${words}`}>
        {runs.toReversed().map((run) => (
          <svg
            key={`${run.startedAt} ${run.outcome}`}
            width="12"
            height="12"
            viewBox="0 0 12 12"
            data-shape={toShape(run.outcome)}
            aria-hidden="true"
          >
            <title>{`${formatTime(new Date(run.startedAt), zone, true)}: ${describeOutcome(run.outcome)}`}</title>
            {SHAPES[toShape(run.outcome)]}
          </svg>
        ))}
      </span>
      <span className={styles['words']}>{words}</span>
    </div>
  );
}

const SHAPES: Readonly<Record<ReturnType<typeof toShape>, React.ReactNode>> = {
  whole: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  part: (
    <>
      <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" />
      <path d="M6 2.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
    </>
  ),
  running: (
    <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="3 2" />
  ),
  held: <path d="M2.5 6h7" stroke="currentColor" strokeWidth="2" />,
  failed: <path d="M6 1.5 10.8 10H1.2z" fill="currentColor" />,
};
