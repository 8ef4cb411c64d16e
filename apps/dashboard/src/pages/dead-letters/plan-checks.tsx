import { LIVE_STATES } from '@sluice/contracts/operation-states';
import type { DeadFilter, Replay } from '@sluice/contracts/operations';
import type { QueueList } from '@sluice/contracts/processes';
import type { RevisionAnswer, SourceItem } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { read } from '../../data/http.ts';
import { queuesQuery } from '../../data/queues.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { formatFigure, plural } from '../../ui/numbers.ts';
import { Status } from '../../ui/status-glyph.tsx';
import styles from './group.module.css';

/** One thing that is looked at before a replay; `false` = it speaks against it, and the words say why. */
type Check = { readonly good: boolean; readonly words: string };

/** Above this share of Redis' memory replays wait. */
const WAIT_SHARE = 0.5;

/** Says what speaks for a replay now, and what against it; none of it forbids one. */
export function PlanChecks({
  filter,
  stage,
  sources,
  newest,
}: {
  readonly filter: DeadFilter;
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  /** When the newest of them was received. */
  readonly newest: string | null;
}) {
  const { data: queues } = useQuery({ ...queuesQuery, retry: false });
  const { data: replays } = useQuery({
    queryKey: ['replays', 'newest'],
    queryFn: ({ signal }) => read<Page<Replay>>('/api/replays', { limit: 50 }, signal),
  });
  const [source] = sources;
  const isMapping = stage === 'map' && sources.length === 1 && source !== undefined;
  const { data: mappings } = useQuery({
    queryKey: ['mappings', source, 'if declared'],
    queryFn: ({ signal }) => readMappings(source ?? '', signal),
    enabled: isMapping,
    retry: false,
  });
  const checks = [
    ...(queues === undefined ? [] : checkQueues(queues)),
    ...(replays === undefined ? [] : [checkReplays(replays.items, filter)]),
    ...(isMapping && mappings != null ? [checkMapping(mappings.items, newest)] : []),
  ];
  return (
    <ul className={styles['checks']} aria-label="Checks">
      {checks.map(({ good, words }) => (
        <li key={words}>
          <Status mark={good ? 'normalized' : 'failed'}>{words}</Status>
        </li>
      ))}
    </ul>
  );
}

/** Reads the newest revisions of a source's mapping; null where nobody declared it: to ask for them would be an error. */
async function readMappings(source: string, signal: AbortSignal): Promise<Page<RevisionAnswer> | null> {
  const declared = await read<Page<SourceItem>>('/api/sources', { limit: 500 }, signal);
  if (declared.nextCursor === null && !declared.items.some(({ id }) => id === source)) return null;
  return read<Page<RevisionAnswer>>(
    `/api/sources/${encodeURIComponent(source)}/mapping`,
    { limit: 50 },
    signal,
  );
}

function checkQueues({ items, memory, maintenance }: QueueList): Check[] {
  const workers = items.find(({ name }) => name === 'events')?.processes;
  const schedulers = items.find(({ name }) => name === 'polls')?.processes;
  return [
    ...(maintenance.on ? [{ good: false, words: 'Maintenance is on: events wait until it is over' }] : []),
    workers === undefined || workers.running === 0
      ? {
          good: false,
          words: workers?.holding ? 'All workers hold: events would wait' : '0 workers: events would wait',
        }
      : { good: true, words: `${plural(workers.running, 'worker')} at work` },
    ...(schedulers?.running === 0
      ? [{ good: false, words: '0 schedulers: nobody would run the replay' }]
      : []),
    ...(memory.usedShare > WAIT_SHARE
      ? [
          {
            good: false,
            words: `Redis is ${formatFigure(memory.usedShare * 100)} % full: the replay would wait for room`,
          },
        ]
      : []),
  ];
}

function checkReplays(replays: readonly Replay[], { fingerprint }: DeadFilter): Check {
  const live: readonly string[] = LIVE_STATES;
  const other = replays.find(
    ({ state, filter: its }) =>
      live.includes(state) &&
      (fingerprint === undefined || its.fingerprint === undefined || its.fingerprint === fingerprint),
  );
  return other === undefined
    ? { good: true, words: 'No other replay has them in hand' }
    : { good: false, words: `A replay of ${other.actor} is ${other.state} and may have them in hand` };
}

function checkMapping(revisions: readonly RevisionAnswer[], newest: string | null): Check {
  const active = revisions.find(({ state }) => state === 'active');
  const isNewer = active?.activatedAt != null && newest !== null && active.activatedAt > newest;
  if (isNewer)
    return { good: true, words: `The mapping was changed since: revision ${active.revision} is active` };
  return { good: false, words: 'The mapping was not changed since: they would fail again' };
}
