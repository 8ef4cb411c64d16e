import { useId, useState } from 'react';
import { useNow } from '../../ui/clock.ts';
import { STATIONS } from '../../ui/rail.tsx';
import { formatDuration, formatMoment, Time, useZone } from '../../ui/time.tsx';
import styles from './lanes.module.css';
import { type Fold, foldLanes, type Lane, toGapHeight } from './lanes.ts';

const WORDS = {
  done: 'reached',
  failed: 'failed at',
  dead: 'died at',
  duplicate: 'found to be a duplicate at',
  parked: 'parked at',
  now: 'is at',
  waiting: 'waits at',
} as const;

/** Draws the lanes of an event over the six stations. Opening a lane tells the whole of it. */
export function Lanes({ lanes }: { readonly lanes: readonly Lane[] }) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const rows = foldLanes(lanes).flatMap((entry): readonly (Lane | Fold)[] =>
    'lanes' in entry && unfolded.has(entry.key) ? entry.lanes : [entry],
  );
  return (
    <div className={styles['lanes']}>
      <div className={styles['stations']} aria-hidden="true">
        <span>
          {STATIONS.map((station) => (
            <span key={station}>{station}</span>
          ))}
        </span>
      </div>
      <ol className={styles['rows']} aria-label="Arrival and attempts">
        {rows.map((entry) =>
          'lanes' in entry ? (
            <li key={entry.key} className={styles['fold']}>
              <button type="button" onClick={() => setUnfolded(new Set([...unfolded, entry.key]))}>
                {`${entry.lanes[0]?.name ?? ''} to ${entry.lanes.at(-1)?.name.replace('attempt ', '') ?? ''}: the same error, ${entry.lanes[0]?.code ?? ''}. Show all ${entry.lanes.length}`}
              </button>
            </li>
          ) : (
            <LaneRow key={entry.key} lane={entry} />
          ),
        )}
      </ol>
    </div>
  );
}

function LaneRow({ lane }: { readonly lane: Lane }) {
  const { name, at, gapMs, marks, text, code, worker, runAt } = lane;
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const zone = useZone();
  const first = marks[0]?.station ?? 0;
  const last = marks.at(-1);
  const height = toGapHeight(gapMs);
  return (
    <li className={styles['row']}>
      {runAt !== undefined && (
        <p className={styles['run']}>
          run again, asked for at <Time at={runAt} withDate />
        </p>
      )}
      {height > 0 && (
        <p className={styles['gap']} style={{ height: height + 12 }}>
          <span>{formatDuration(gapMs)} later</span>
        </p>
      )}
      <button
        type="button"
        className={styles['lane']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span className={styles['when']}>
          <span className={styles['name']}>{name}</span>
          <span className={styles['time']}>{at === null ? '' : formatMoment(new Date(at), zone)}</span>
        </span>
        <span className={styles['track']} aria-hidden="true">
          <span className={styles['line']} style={toSpan(first, last?.station ?? first)} />
          {STATIONS.map((station, index) => {
            const mark = marks.find((one) => one.station === index)?.mark ?? 'no';
            return (
              <span
                key={station}
                className={styles['mark']}
                data-mark={index < first ? 'before' : mark}
                style={{ gridColumn: index + 1 }}
              />
            );
          })}
        </span>
        <span className={styles['said']}>
          <span className="visually-hidden">
            {last === undefined ? '' : `${WORDS[last.mark]} ${STATIONS[last.station]}. `}
          </span>
          {code !== undefined && <code>{code}</code>}{' '}
          {lane.dueAt === undefined ? text : <Due at={lane.dueAt} />}
        </span>
      </button>
      {isOpen && (
        <div id={id} className={styles['drawer']}>
          <p>{text}</p>
          <dl>
            {worker !== undefined && (
              <div>
                <dt>Worker</dt>
                <dd>{worker}</dd>
              </div>
            )}
            {at !== null && (
              <div>
                <dt>Ended</dt>
                <dd>
                  <Time at={at} withDate />
                </dd>
              </div>
            )}
            {code !== undefined && (
              <div>
                <dt>Code</dt>
                <dd>
                  <a href={`/docs/errors#${code}`} target="_blank" rel="noreferrer">
                    {code}
                  </a>
                </dd>
              </div>
            )}
          </dl>
        </div>
      )}
    </li>
  );
}

/** From the middle of one station to the middle of another. */
function toSpan(first: number, last: number): React.CSSProperties {
  return { gridColumn: `${first + 1} / ${last + 2}`, marginInline: `${50 / (last - first + 1)}%` };
}

/** Counts down to the next attempt, to the eye only. */
export function Due({ at }: { readonly at: string }) {
  const leftMs = Date.parse(at) - useNow();
  return (
    <>
      {leftMs > 0 ? `in ${formatDuration(Math.ceil(leftMs / 1000) * 1000)}` : 'due now'}, at <Time at={at} />
    </>
  );
}
