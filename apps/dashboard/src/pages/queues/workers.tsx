import type { ProcessItem, QueueList } from '@sluice/contracts/processes';
import { Notice } from '../../ui/notice.tsx';
import { plural } from '../../ui/numbers.ts';
import { Time } from '../../ui/time.tsx';

/** Says first what an operator must know: that nobody takes events, or only some do, and why. */
export function Workers({
  queues,
  processes,
}: {
  readonly queues: QueueList;
  readonly processes: readonly ProcessItem[];
}) {
  const events = queues.items.find(({ name }) => name === 'events');
  const polls = queues.items.find(({ name }) => name === 'polls');
  if (events === undefined) return null;
  const { running, holding } = events.processes;
  const held = processes.find(({ app, state }) => app === 'worker' && state === 'holding');
  const silent = processes.filter(({ state }) => state === 'silent');
  return (
    <>
      {running + holding === 0 && (
        <Notice tone="dead">
          <p>
            <b>{events.waiting > 0 ? '0 workers; jobs wait' : '0 workers'}.</b> Events are accepted and kept,
            and nobody processes them. Start a worker.
          </p>
        </Notice>
      )}
      {holding > 0 && !queues.maintenance.on && (
        <Notice tone={running === 0 ? 'dead' : 'failed'}>
          <p>
            <b>
              {plural(holding, 'worker')} {holding === 1 ? 'holds' : 'hold'}
              {running > 0 && `, ${running} ${running === 1 ? 'goes' : 'go'} on`}.
            </b>{' '}
            Nothing is fetched, no attempt is counted, what waits is kept.
            {held !== undefined && (
              <>
                {' '}
                {held.reason}
                {held.since !== null && (
                  <>
                    {' '}
                    (since <Time at={held.since} />)
                  </>
                )}
              </>
            )}
          </p>
        </Notice>
      )}
      {polls !== undefined && polls.processes.running === 0 && (
        <Notice tone="dead">
          <p>
            <b>0 schedulers.</b> No source is polled, no replay runs, the inbox is not emptied. Start a
            scheduler.
          </p>
        </Notice>
      )}
      {silent.length > 0 && (
        <Notice tone="failed">
          <p>
            <b>{silent.length === 1 ? '1 process' : `${silent.length} processes`} fell silent</b> without a
            goodbye: killed, frozen, or cut off from Redis. What a worker had in hand is given to another one.
          </p>
        </Notice>
      )}
    </>
  );
}
