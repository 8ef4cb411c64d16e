import type { QueueState } from '@sluice/contracts/processes';
import { useQuery } from '@tanstack/react-query';
import { toFailure } from '../../data/failure.ts';
import { useLiveState } from '../../data/live-context.ts';
import { processesQuery, queuesQuery } from '../../data/queues.ts';
import { PageHead, Section } from '../../ui/page.tsx';
import { Failed, Forbidden, Loading, StaleFrame } from '../../ui/states.tsx';
import { Maintenance } from './maintenance.tsx';
import { Memory } from './memory.tsx';
import { Processes } from './processes.tsx';
import { QueueFigures } from './queue-figures.tsx';
import styles from './queues.module.css';
import { Workers } from './workers.tsx';

/** A queue that nobody serves here and that holds nothing, such as that of a backup which is off, is left out. */
function isInUse({ name, processes, waiting, active, delayed, failed }: QueueState): boolean {
  if (name === 'events' || name === 'polls') return true;
  return processes.running + processes.holding + waiting + active + delayed + failed > 0;
}

/** Answers: is the work done, by whom, how fast; must more workers be started. */
export function Queues() {
  const { connection } = useLiveState();
  const queues = useQuery(queuesQuery);
  const processes = useQuery(processesQuery);
  const failure = toFailure(queues.error);
  const lost = toFailure(processes.error);
  const { data } = queues;
  const staleSince = (at: number) => (connection === 'stale' ? at : null);
  if (failure?.status === 403)
    return <Forbidden what="The queues are for the tenant default" needs="viewer" />;
  return (
    <>
      <PageHead title="Queues & workers">
        {data !== undefined && <Maintenance queues={data} />}
        <a className={styles['board']} href="/admin/queues" target="_blank" rel="noreferrer">
          Open Bull Board ↗
        </a>
      </PageHead>
      {failure !== null && (
        <Failed
          what="The queues could not be read"
          failure={failure}
          onRetry={() => void queues.refetch()}
          {...(data === undefined ? {} : { asOf: queues.dataUpdatedAt })}
        />
      )}
      {queues.isPending && failure === null && <Loading rows={6} label="Loading the queues" />}
      {data !== undefined && (
        <StaleFrame asOf={staleSince(queues.dataUpdatedAt)}>
          <Workers queues={data} processes={processes.data?.items ?? []} />
          {data.items.filter(isInUse).map((queue) => (
            <QueueFigures key={queue.name} queue={queue} />
          ))}
          <Memory memory={data.memory} />
        </StaleFrame>
      )}
      {/* What stands above it would push it down when it comes. */}
      {!queues.isPending && (
        <Section title="Processes" aside="each says every 5 s that it is there">
          {lost !== null && (
            <Failed
              what="The processes could not be listed"
              failure={lost}
              onRetry={() => void processes.refetch()}
              {...(processes.data === undefined ? {} : { asOf: processes.dataUpdatedAt })}
            />
          )}
          {processes.isPending && lost === null && <Loading rows={5} label="Loading the processes" />}
          {processes.data !== undefined && (
            <StaleFrame asOf={staleSince(processes.dataUpdatedAt)}>
              <div className={styles['flush']}>
                <Processes items={processes.data.items} loadedAt={processes.dataUpdatedAt} />
              </div>
            </StaleFrame>
          )}
        </Section>
      )}
    </>
  );
}
