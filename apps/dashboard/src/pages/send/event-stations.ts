import type { EventDetail } from '@sluice/contracts/api';
import type { SyncHealth } from '@sluice/contracts/sync';
import { type RailStation, STATIONS, type StationState } from '../../ui/rail.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { isUncopied } from '../event/copy-wait.ts';
import { type Lane, type LaneMark, toLanes } from '../event/lanes.ts';

const QUEUED = STATIONS.indexOf('Queued');

const STATES: Readonly<Record<LaneMark, StationState>> = {
  done: 'flow',
  failed: 'slow',
  dead: 'stopped',
  duplicate: 'flow',
  parked: 'idle',
  now: 'idle',
  waiting: 'idle',
};

const WORDS: Readonly<Record<LaneMark, string>> = {
  done: '✓',
  failed: 'failed',
  dead: 'dead',
  duplicate: 'duplicate',
  parked: 'parked',
  now: 'now',
  waiting: 'waits',
};

/**
 * Draws how far one event came: the farthest that any of its attempts did, and when. `backup` is what the replicator says;
 * undefined while it was not asked.
 */
export function toEventStations(
  detail: EventDetail,
  backup: Pick<SyncHealth, 'state' | 'lag' | 'lagSeconds'> | undefined,
): readonly RailStation[] {
  const lanes = toLanes(detail);
  const first = detail.timeline[0]?.at ?? null;
  return STATIONS.map((station, place) => {
    // Every attempt begins at the queue: when the event came there is told by its arrival.
    const has = ({ marks }: Lane) => marks.some((mark) => mark.station === place);
    const lane = place <= QUEUED ? lanes.find(has) : lanes.findLast(has);
    const mark = lane?.marks.find((one) => one.station === place)?.mark;
    if (lane === undefined || mark === undefined) {
      if (station === 'Replicated') return toReplicated(detail, backup);
      return { station, state: 'idle', figure: '·', lines: [] };
    }
    const ms = lane.at === null || first === null ? null : Date.parse(lane.at) - Date.parse(first);
    return {
      station,
      state: STATES[mark],
      figure: WORDS[mark],
      lines: [ms === null || ms <= 0 ? '' : `+${formatDuration(ms)}`],
    };
  });
}

function toReplicated(
  detail: EventDetail,
  backup: Pick<SyncHealth, 'state' | 'lag' | 'lagSeconds'> | undefined,
): RailStation {
  const station = 'Replicated';
  if (backup?.state === 'off') return { station, state: 'off', figure: '–', lines: ['no backup'] };
  if (backup === undefined || !isUncopied(detail)) return { station, state: 'off', figure: '–', lines: [] };
  if (backup.state === 'active') return { station, state: 'idle', figure: WORDS.waiting, lines: [] };
  return {
    station,
    state: 'unknown',
    figure: backup.state,
    lines: [`lag ${backup.lagSeconds === null ? 'unknown' : backup.lag}`],
  };
}
