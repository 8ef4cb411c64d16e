import type { QueueState } from '@sluice/contracts/processes';
import { Figure, Figures } from '../../ui/figures.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { Section } from '../../ui/page.tsx';
import { formatDuration } from '../../ui/time.tsx';
import { describeDrain } from './drain.ts';

/** What is in each queue, and in which unit people count it. */
const ABOUT: Readonly<Record<string, { readonly what: string; readonly unit: 'events' | 'jobs' }>> = {
  events: { what: 'jobs of accepted events, taken by workers', unit: 'events' },
  polls: { what: 'runs of polled sources, taken by schedulers', unit: 'jobs' },
  sync: { what: 'documents that the backup refused, tried again by the replicator', unit: 'jobs' },
};

/** Shows how one queue stands. */
export function QueueFigures({ queue }: { readonly queue: QueueState }) {
  const { name, waiting, active, delayed, parked, failed, oldestWaitingMs, processes, lastMinute } = queue;
  const { what, unit } = ABOUT[name] ?? { what: 'jobs', unit: 'jobs' };
  const counts = unit === 'events' ? ['eventsIn', 'eventsOut'] : ['jobsIn', 'jobsOut'];
  const [into, out] = counts.map((key) => lastMinute[key as 'eventsIn']);
  return (
    <Section title={`Queue ${name}`} aside={queue.paused ? `${what} · paused in the queue itself` : what}>
      <Figures>
        <Figure
          name="Waiting, jobs"
          figure={formatCount(waiting)}
          note={oldestWaitingMs === null ? 'none waits' : `oldest ${formatDuration(oldestWaitingMs)}`}
        />
        <Figure
          name="In hand, jobs"
          figure={formatCount(active)}
          note={`of ${formatCount(processes.concurrency)} at once`}
        />
        {unit === 'events' && (
          <Figure name="In, events a minute" figure={formatCount(into ?? 0)} note="the last 60 s" />
        )}
        <Figure
          name={unit === 'events' ? 'Out, events a minute' : 'Out, runs a minute'}
          figure={formatCount(out ?? 0)}
          note={lastMinute.failed === 0 ? 'none failed' : `${formatCount(lastMinute.failed)} failed`}
        />
        <Figure name="Done in" figure={describeDrain(queue)} isWords />
        <Figure name="For a retry" figure={formatCount(delayed)} note="delayed jobs" />
        {unit === 'events' && <Figure name="Parked" figure={formatCount(parked)} note="for a newer worker" />}
        <Figure name="Failed, kept" figure={formatCount(failed)} note="in Bull Board" />
      </Figures>
    </Section>
  );
}
