import type { ProcessItem } from '@sluice/contracts/processes';
import { useNow } from '../../ui/clock.ts';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty } from '../../ui/states.tsx';
import { type Mark, Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './queues.module.css';

/** How each state looks, and its word. */
const STATES: Readonly<Record<ProcessItem['state'], readonly [Mark, string]>> = {
  running: ['normalized', 'Running'],
  holding: ['failed', 'Holding'],
  draining: ['processing', 'Draining'],
  ended: ['pending', 'Ended'],
  silent: ['dead', 'Silent'],
};

/** Lists every replica with what it said last. */
export function Processes({
  items,
  loadedAt,
}: {
  readonly items: readonly ProcessItem[];
  /** When the list was loaded, in epoch ms. */
  readonly loadedAt: number;
}) {
  if (items.length === 0) {
    return (
      <Empty title="No process has said that it is there">Within five seconds of its start each does.</Empty>
    );
  }
  return (
    <PlainTable label="Processes" wraps>
      <thead>
        <tr>
          <th scope="col">Process</th>
          <th scope="col">State</th>
          <th scope="col">Last heartbeat</th>
          <th scope="col" data-align="right" data-from="600">
            Done in the last minute
          </th>
          <th scope="col" data-align="right" data-from="600">
            Failed
          </th>
          <th scope="col" data-from="900">
            Takes
          </th>
          <th scope="col" data-from="900">
            Where
          </th>
          <th scope="col" data-from="1200">
            Started
          </th>
          <th scope="col" data-from="1200">
            Version
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <Row key={item.instance} item={item} loadedAt={loadedAt} />
        ))}
      </tbody>
    </PlainTable>
  );
}

function Row({ item, loadedAt }: { readonly item: ProcessItem; readonly loadedAt: number }) {
  const { app, instance, state, since, reason, host, pid, startedAt, version, schemaVersions, serves } = item;
  const [mark, word] = STATES[state];
  const isOver = state === 'ended';
  const { done, failed } = toDone(item);
  return (
    <tr data-over={isOver} data-process={app}>
      <th scope="row">
        <span className={styles['app']}>{app}</span>{' '}
        <span className={styles['instance']}>{instance.slice(app.length + 1)}</span>
      </th>
      <td>
        <Status mark={mark}>{word}</Status>
        {since !== null && (
          <span className={styles['cause']}>
            since <Time at={since} />
            {reason !== null && `: ${reason}`}
          </span>
        )}
      </td>
      <td>
        <Silence ms={item.silentMs} loadedAt={loadedAt} />
      </td>
      <td data-align="right" data-from="600">
        {done}
      </td>
      <td data-align="right" data-from="600">
        {failed}
      </td>
      <td data-from="900">
        {serves.map(({ queue, concurrency }) => `${concurrency} ${queue} at once`).join(', ')}
        {schemaVersions !== null && (
          <span className={styles['cause']}>schema versions {schemaVersions.join(', ')}</span>
        )}
      </td>
      <td data-from="900">
        {host}
        <span className={styles['cause']}>process {pid}</span>
      </td>
      <td data-from="1200">
        <Time at={startedAt} withDate />
      </td>
      <td data-from="1200">{version}</td>
    </tr>
  );
}

/** What a process did, in the unit in which its work is counted; nothing for one that only answers. */
function toDone({ app, lastMinute: { events, polls } }: ProcessItem): {
  readonly done: string;
  readonly failed: string;
} {
  if (polls !== undefined) return { done: plural(polls.jobsOut, 'run'), failed: formatCount(polls.failed) };
  if (events === undefined) return { done: '', failed: '' };
  if (app === 'worker')
    return { done: plural(events.eventsOut, 'event'), failed: formatCount(events.failed) };
  return { done: `${plural(events.eventsIn, 'event')} accepted`, failed: '' };
}

/** How long ago a process said something, counted on from when that was read. */
function Silence({ ms, loadedAt }: { readonly ms: number; readonly loadedAt: number }) {
  const now = useNow();
  const silentMs = ms + Math.max(0, now - loadedAt);
  return (
    <span>{silentMs < 1000 ? 'just now' : `${formatDuration(Math.floor(silentMs / 1000) * 1000)} ago`}</span>
  );
}
