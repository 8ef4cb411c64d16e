import type { EventDetail } from '@sluice/contracts/api';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Age, Time } from '../../ui/time.tsx';
import styles from './event.module.css';
import { Payloads } from './payloads.tsx';
import { Timeline } from './timeline.tsx';

/** How often an event that is not done is asked for again, in ms. */
const REFRESH_MS = 1000;

/** Answers: what happened to this event, why, and what can be done. */
export function Event() {
  const { id } = useParams({ from: '/shell/events/$id' });
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state }) => (state.data !== undefined && isFinal(state.data) ? false : REFRESH_MS),
  });
  if (isPending) return <Loading rows={10} />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    if (failure.status === 404 || failure.code === 'ERR_QUERY_INVALID') {
      return (
        <Empty title="There is no such event" action={<Link to="/events">All events</Link>}>
          <code>{id}</code> was never accepted here, or is older than what is kept.
        </Empty>
      );
    }
    return <Failed what="The event could not be loaded" failure={failure} onRetry={() => void refetch()} />;
  }
  return <Detail detail={data} />;
}

function Detail({ detail }: { readonly detail: EventDetail }) {
  const { id, status, raw, normalized, duplicate } = detail;
  return (
    <article>
      <PageHead title={`Event ${id.slice(0, 12)}…`} />
      <header className={styles['head']} data-status={status}>
        <p className={styles['state']}>
          <Status mark={status} />
          {raw !== null && (
            <span className={styles['where']}>
              {raw.source} · {raw.via} · received <Time at={raw.receivedAt} withDate />,{' '}
              <Age at={raw.receivedAt} />
            </span>
          )}
        </p>
        <p className={styles['cause']}>{toCause(detail)}</p>
        <Copyable value={id} name="event id" head={40} />
      </header>
      <Section title="Timeline">
        <Timeline detail={detail} />
      </Section>
      <Section title="Payload" aside={normalized === null ? 'no record was made of it' : 'raw beside record'}>
        <Payloads detail={detail} />
      </Section>
      {duplicate !== null && (
        <Section title="Duplicate check" aside={`found by its ${duplicate.level} hash`}>
          <p className={styles['text']}>{duplicate.explanation}</p>
          <p className={styles['text']}>
            The event it repeats:{' '}
            <Link to="/events/$id" params={{ id: duplicate.of }}>
              <code>{duplicate.of}</code>
            </Link>
            {duplicate.fields.length > 0 && ` · differs only in ${duplicate.fields.join(', ')}`}
          </p>
        </Section>
      )}
      {raw !== null && (
        <Section title="Identity">
          <Facts
            facts={[
              [
                'Idempotency key',
                <Copyable key="k" value={raw.idempotencyKey} name="idempotency key" head={32} />,
              ],
              ['Key from', raw.keyOrigin],
              ['Content hash', <Copyable key="c" value={raw.contentHash} name="content hash" head={16} />],
              [
                'Normalized hash',
                normalized === null ? (
                  'none'
                ) : (
                  <Copyable key="n" value={normalized.normalizedHash} name="normalized hash" head={16} />
                ),
              ],
              ['Schema version', String(raw.schemaVersion)],
              ['Mapping revision', normalized?.mappingRevision ?? 'built-in rules'],
              ['Attempts', String(raw.attempts)],
              ['Same key, other body', raw.conflicts.length === 0 ? 'never' : raw.conflicts.join(', ')],
            ]}
          />
        </Section>
      )}
    </article>
  );
}

function isFinal({ status }: EventDetail): boolean {
  return status === 'normalized' || status === 'duplicate' || status === 'dead';
}

/** The first sentence of the page: made from the last attempt, not from the first. */
function toCause({ status, raw, normalized, duplicate }: EventDetail): string {
  switch (status) {
    case 'pending':
      return 'It waits in the queue for a worker.';
    case 'processing':
      return 'A worker has it in hand.';
    case 'normalized':
      return normalized === null ? 'It was stored.' : `It became a record of type ${normalized.type}.`;
    case 'duplicate':
      return duplicate?.explanation ?? 'It repeats an event that was here before.';
    case 'failed':
      return `Attempt ${raw?.attempts ?? 1} failed and will be repeated: ${toReason(raw)}`;
    case 'dead':
      return toReason(raw);
  }
}

function toReason(raw: EventDetail['raw']): string {
  if (raw === null) return 'The reason is not known.';
  return raw.message ?? raw.code ?? 'The reason is not known.';
}
