import type { QueueList } from '@sluice/contracts/processes';
import { formatBytes } from '../../ui/numbers.ts';
import { Section } from '../../ui/page.tsx';
import styles from './queues.module.css';

/** Above this share new events go to the inbox instead. */
const FULL_SHARE = 0.7;

/** Shows how full Redis is, and what that means. */
export function Memory({ memory }: { readonly memory: QueueList['memory'] }) {
  const { usedBytes, limitBytes, usedShare, evicts } = memory;
  const isFull = usedShare > FULL_SHARE;
  return (
    <Section title="Memory of Redis">
      <div className={styles['memory']}>
        <div className={styles['gauge']} data-tone={isFull ? 'failed' : 'plain'} aria-hidden="true">
          <span style={{ width: `${Math.min(100, usedShare * 100)}%` }} />
          <i />
        </div>
        <p>
          {formatBytes(usedBytes)}
          {limitBytes !== null &&
            ` of ${formatBytes(limitBytes)}, ${usedShare < 0.01 ? 'less than 1' : Math.round(usedShare * 100)} %`}
          .{' '}
          {isFull
            ? 'More than 70 %: new events go to the inbox in MongoDB until workers have made room.'
            : 'Above 70 % new events go to the inbox in MongoDB.'}
        </p>
      </div>
      {evicts && (
        <p role="alert">
          Its <code>maxmemory-policy</code> drops keys when it is full, and with them accepted events: set it
          to <code>noeviction</code>.
        </p>
      )}
    </Section>
  );
}
