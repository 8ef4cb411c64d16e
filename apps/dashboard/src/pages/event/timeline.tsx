import type { EventDetail } from '@sluice/contracts/api';
import { usePreference } from '../../shell/preferences.ts';
import { formatDuration, Time } from '../../ui/time.tsx';
import { toLanes } from './lanes.ts';
import { Lanes } from './lanes.tsx';
import styles from './timeline.module.css';

/** Gaps longer than this are named, in ms. */
const GAP_MS = 1000;

/** Shows what happened to an event: as lanes over the stations, or the same as a list. */
export function Timeline({ detail }: { readonly detail: EventDetail }) {
  const [view, setView] = usePreference('timeline', ['lanes', 'list'], 'lanes');
  const first = detail.timeline[0];
  const last = detail.timeline.at(-1);
  const totalMs = first === undefined || last === undefined ? 0 : Date.parse(last.at) - Date.parse(first.at);
  return (
    <>
      <div className={styles['head']}>
        <span>{totalMs > 0 ? `${formatDuration(totalMs)} in all` : ''}</span>
        <fieldset className={styles['views']} aria-label="View of the timeline">
          {(['lanes', 'list'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={one === view} onClick={() => setView(one)}>
              {one === 'lanes' ? 'Lanes' : 'List'}
            </button>
          ))}
        </fieldset>
      </div>
      {view === 'lanes' ? <Lanes lanes={toLanes(detail)} /> : <Steps timeline={detail.timeline} />}
    </>
  );
}

function Steps({ timeline }: { readonly timeline: EventDetail['timeline'] }) {
  return (
    <ol className={styles['steps']}>
      {timeline.map((step, index) => {
        const before = timeline[index - 1];
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
  );
}
