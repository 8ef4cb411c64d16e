import type { SyncHealth } from '@sluice/contracts/sync';
import { useQuery } from '@tanstack/react-query';
import { syncMetricsQuery } from '../../data/sync.ts';
import { Figure, Figures } from '../../ui/figures.tsx';
import { Notice } from '../../ui/notice.tsx';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { Facts, Section } from '../../ui/page.tsx';
import { type Mark, Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './replication.module.css';

/** How each state looks, and its words. */
const STATES: Readonly<Record<SyncHealth['state'], readonly [Mark, string]>> = {
  off: ['pending', 'Off'],
  starting: ['processing', 'Starting'],
  active: ['normalized', 'Copying'],
  away: ['failed', 'The backup does not answer'],
  blocked: ['dead', 'Blocked'],
  silent: ['dead', 'No replicator'],
};

/** Shows how both databases are, and how late the backup is. */
export function Health({ health }: { readonly health: SyncHealth }) {
  const { state, since, reason, primary, backup, appliedAt, perSecond, refused, conflicts } = health;
  const { data: metrics } = useQuery(syncMetricsQuery);
  const [mark, word] = STATES[state];
  return (
    <>
      {reason !== null && (
        <Notice tone={state === 'blocked' || state === 'silent' ? 'dead' : 'failed'}>
          <p>{reason}</p>
        </Notice>
      )}
      {refused.dead > 0 && (
        <Notice tone="dead">
          <p>
            The backup refuses {plural(refused.dead, 'document')} for good. The jobs are in the queue{' '}
            <a href="/admin/queues/queue/sync">sync</a> of Bull Board.
          </p>
        </Notice>
      )}
      <Section
        title="Health"
        aside={
          <>
            <Status mark={mark}>{word}</Status>
            {since !== null && (
              <>
                {' '}
                since <Time at={since} withDate />
              </>
            )}
          </>
        }
      >
        <div className={styles['figures']}>
          <Figures>
            <Lag health={health} />
            <Figure
              name="Backlog, changes"
              figure={metrics === undefined ? '…' : formatCount(metrics.queueSize)}
              note="not yet on the backup"
            />
            <Figure name="Copied, changes a second" figure={formatFigure(perSecond)} note="lately" />
            <Figure
              name="Copied in all"
              figure={metrics === undefined ? '…' : formatCount(metrics.successfulSyncs)}
              note="changes and documents"
            />
          </Figures>
        </div>
        <Facts
          facts={[
            ['Primary', primary.reachable ? 'answers' : 'does not answer'],
            ['Backup', <Backup key="backup" backup={backup} />],
            [
              'On the backup up to',
              appliedAt === null ? 'unknown' : <Time key="applied" at={appliedAt} withDate />,
            ],
            ['Conflicts, overwritten', formatCount(conflicts)],
            ['Refused, tried again', formatCount(refused.retrying)],
            ['Replicator', health.replicator ?? 'none'],
          ]}
        />
      </Section>
    </>
  );
}

function Backup({ backup: { reachable, lastSeenAt } }: Pick<SyncHealth, 'backup'>) {
  if (reachable) return 'answers';
  if (lastSeenAt === null) return 'does not answer';
  return (
    <>
      does not answer; it did last at <Time at={lastSeenAt} withDate />
    </>
  );
}

/** What is not known is never shown as nothing. */
function Lag({ health: { lagSeconds, lagUnknownSince } }: { readonly health: SyncHealth }) {
  if (lagSeconds !== null)
    return <Figure name="Lag" figure={formatDuration(lagSeconds * 1000)} note="behind the primary" />;
  const since =
    lagUnknownSince === null ? undefined : (
      <>
        since <Time at={lagUnknownSince} withDate />
      </>
    );
  return <Figure name="Lag" figure="unknown" isWords note={since} />;
}
