import type { Stats } from '@sluice/contracts/api';
import type { SyncHealth } from '@sluice/contracts/sync';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import type { RailStation, StationState } from '../../ui/rail.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import type { Counts } from './outcomes.ts';

/** What waits longer than this is late, in ms. */
const LATE_MS = 10_000;

const MINUTE_MS = 60_000;

/**
 * Makes the rail of a range: what passed each station in the `knownMs` of it, what waits at the queue now. `isRejectedKnown` is
 * false where refused requests of the range may have been forgotten.
 */
export function toStations(
  stats: Stats,
  counts: Counts,
  knownMs: number,
  backup: SyncHealth | null,
  isRejectedKnown = true,
): readonly RailStation[] {
  const known = toKnownStations(
    stats,
    counts,
    knownMs,
    isRejectedKnown ? 'none rejected' : 'rejected: not known',
  );
  return [...(knownMs === 0 ? known.map(toUnknown) : known), toReplicated(backup)];
}

function toKnownStations(
  stats: Stats,
  counts: Counts,
  knownMs: number,
  noneRejected: string,
): readonly RailStation[] {
  const { queue, oldestWaitingMs, inbox } = stats;
  const isLate = oldestWaitingMs !== null && oldestWaitingMs > LATE_MS;
  const queued: StationState = queue.waiting > 0 ? (isLate ? 'slow' : 'flow') : 'idle';
  const { accepted, normalized, duplicate, dead, failed, rejected } = counts;
  const rate = (count: number) => `${formatFigure(count / (knownMs / MINUTE_MS))}/min`;
  return [
    {
      station: 'Received',
      state: 'flow',
      figure: formatCount(accepted + rejected),
      lines: [rate(accepted + rejected)],
      href: '/events',
    },
    {
      station: 'Verified',
      state: 'flow',
      figure: formatCount(accepted),
      lines: [
        rate(accepted),
        rejected > 0 ? (
          <a key="rejected" href="/requests">
            {formatCount(rejected)} rejected
          </a>
        ) : (
          noneRejected
        ),
      ],
    },
    {
      station: 'Queued',
      state: queued,
      figure: formatCount(queue.waiting + queue.active + queue.delayed),
      lines: [
        oldestWaitingMs === null ? 'nothing waits' : `oldest ${formatDuration(oldestWaitingMs)}`,
        inbox > 0 ? `${formatCount(inbox)} in the inbox` : 'now',
      ],
      href: '/events?status=pending',
    },
    {
      station: 'Normalized',
      state: failed > 0 ? 'slow' : 'flow',
      figure: formatCount(normalized + duplicate),
      lines: [
        `${formatCount(duplicate)} duplicate`,
        failed > 0 ? `${formatCount(failed)} failed, retried` : null,
      ],
      href: '/events?status=duplicate',
    },
    {
      station: 'Stored',
      state: dead > 0 ? 'stopped' : 'flow',
      figure: formatCount(normalized),
      lines: [
        rate(normalized),
        dead > 0 ? (
          <a key="dead" href="/dead-letters">
            {formatCount(dead)} dead
          </a>
        ) : (
          'none dead'
        ),
      ],
      href: '/normalized',
    },
  ];
}

/** Of a time before anything was counted nobody knows what passed a station; what waits at the queue is of now. */
function toUnknown(station: RailStation): RailStation {
  if (station.station === 'Queued') return station;
  return { ...station, state: 'unknown', figure: '–', lines: ['not known'] };
}

/** A backup that cannot be seen is unknown: never 0 behind. */
function toReplicated(backup: SyncHealth | null): RailStation {
  const station = 'Replicated';
  if (backup === null || backup.state === 'off') {
    return {
      station,
      state: 'off',
      figure: '–',
      lines: [backup === null ? 'not known' : 'no backup is set up'],
    };
  }
  const { state, lagSeconds, perSecond, refused, reason } = backup;
  if (state !== 'active' || lagSeconds === null) {
    return {
      station,
      state: state === 'blocked' ? 'stopped' : 'unknown',
      figure: state,
      lines: [toLag(backup), reason],
    };
  }
  const isRefused = refused.dead > 0;
  return {
    station,
    state: isRefused || lagSeconds > LATE_MS / 1000 ? 'slow' : 'flow',
    figure: formatDuration(lagSeconds * 1000),
    lines: [
      'behind',
      isRefused ? `${formatCount(refused.dead)} refused` : `${formatFigure(perSecond)}/s lately`,
    ],
  };
}

function toLag({ lag, lagUnknownSince }: SyncHealth): React.ReactNode {
  if (lagUnknownSince === null) return `lag ${lag}`;
  return (
    <span key="lag">
      lag unknown since <Time at={lagUnknownSince} withDate />
    </span>
  );
}
