import type { DeadLetterGroup } from '@sluice/contracts/dead-letters';
import { Link } from '@tanstack/react-router';
import { useNow } from '../../ui/clock.ts';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { RailMarks } from '../../ui/rail.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './dead-letters.module.css';
import { describeStage, toReached } from './stopped-at.ts';

const SHOWN_SOURCES = 4;

/** Nothing for so long means that it may be over, in ms. */
const ARRIVING_MS = 60_000;

/** Shows one cause: how many died of it, where they stopped, of which sources, and whether it goes on. */
export function GroupCard({
  group,
  onSource,
}: {
  readonly group: DeadLetterGroup;
  readonly onSource: (source: string) => void;
}) {
  const { fingerprint, stage, code, message, count, sources, newest, oldest, sparkline, lastFiveMinutes } =
    group;
  const names = Object.entries(sources);
  const params = { fingerprint };
  return (
    <li className={styles['group']}>
      <span className={styles['count']}>
        <Status mark="dead">{formatCount(count)}</Status>
      </span>
      <div className={styles['cause']}>
        <Link to="/dead-letters/$fingerprint" params={params} data-rove="">
          {message}
        </Link>
        <p>
          <code>{code}</code>
          {names.slice(0, SHOWN_SOURCES).map(([name, of]) => (
            <button
              key={name}
              type="button"
              onClick={() => onSource(name)}
              aria-label={`${name} ${formatCount(of)}, only these`}
            >
              {name} {formatCount(of)}
            </button>
          ))}
          {names.length > SHOWN_SOURCES && (
            <span>and {plural(names.length - SHOWN_SOURCES, 'source')} more</span>
          )}
        </p>
        <p>
          first <Time at={oldest} withDate /> · last <Time at={newest} withDate />
          <Lately newest={newest} count={lastFiveMinutes} />
        </p>
      </div>
      <div className={styles['where']}>
        <RailMarks reached={toReached(stage)} label={describeStage(stage)} />
        <span>{describeStage(stage)}</span>
      </div>
      <span className={styles['bars']}>
        <Sparkline counts={sparkline} label={`${count} dead letters over the window`} />
      </span>
      <div className={styles['links']}>
        <Link to="/dead-letters/$fingerprint" params={params} search={{ plan: 'replay' }}>
          Plan replay…
        </Link>
        <Link to="/dead-letters/$fingerprint" params={params}>
          View {formatCount(count)}
        </Link>
      </div>
    </li>
  );
}

/** Says whether it goes on: by the last minute that it does, by the last five how fast. */
function Lately({ newest, count }: { readonly newest: string; readonly count: number }) {
  const now = useNow();
  if (count === 0) return null;
  if (now - Date.parse(newest) > ARRIVING_MS) return <span>· {formatCount(count)} in the last 5 min</span>;
  return <b className={styles['arriving']}>still arriving, {formatFigure(count / 5)} a minute</b>;
}
