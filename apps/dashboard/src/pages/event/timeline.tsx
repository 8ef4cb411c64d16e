import type { EventDetail } from '@sluice/contracts/api';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './timeline.module.css';

/** Gaps longer than this are named, in ms. */
const GAP_MS = 1000;

/** Lists what happened to an event, with the time between, the oldest first. */
export function Timeline({ detail }: { readonly detail: EventDetail }) {
  const steps = detail.timeline;
  const first = steps[0];
  const last = steps.at(-1);
  return (
    <>
      <ol className={styles['steps']}>
        {steps.map((step, index) => {
          const before = steps[index - 1];
          const gapMs = before === undefined ? 0 : Date.parse(step.at) - Date.parse(before.at);
          return (
            // A timeline only grows at its end.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <li key={index} data-step={step.step} data-failed={step.code !== undefined}>
              <span className={styles['time']}>
                <Time at={step.at} />
              </span>
              <span className={styles['gap']}>{index === 0 ? '' : `+${formatDuration(gapMs)}`}</span>
              <span className={styles['node']} data-long={gapMs > GAP_MS} aria-hidden="true" />
              <span className={styles['detail']}>
                {step.detail}
                {step.code !== undefined && <code>{step.code}</code>}
              </span>
            </li>
          );
        })}
      </ol>
      {first !== undefined && last !== undefined && first !== last && (
        <p className={styles['total']}>
          {formatDuration(Date.parse(last.at) - Date.parse(first.at))} from the first to the last of these
        </p>
      )}
    </>
  );
}
