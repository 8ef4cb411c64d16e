import type { EventDetail } from '@sluice/contracts/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { useStatusNews } from '../../data/status-news.ts';
import { syncHealthQuery } from '../../data/sync.ts';
import { Copyable } from '../../ui/copyable.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { Actions } from './actions.tsx';
import { isUncopied, useCopyWait } from './copy-wait.ts';
import { Duplicate } from './duplicate.tsx';
import { Head } from './head.tsx';
import { Neighbours } from './neighbours.tsx';
import { Payload } from './payload.tsx';
import { Timeline } from './timeline.tsx';

/** How often an event that is not done is asked for again, in ms; what is told of it live comes sooner. */
const REFRESH_MS = 2000;

/** Answers: what happened to this event, why, and what can be done. */
export function Event() {
  const { id } = useParams({ from: '/shell/events/$id' });
  const { field = null, list } = useSearch({ from: '/shell/events/$id' });
  const { connection } = useLiveState();
  const queries = useQueryClient();
  const waitForCopy = useCopyWait(REFRESH_MS);
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state: { data: detail } }) =>
      detail !== undefined && isFinal(detail) ? waitForCopy(detail) : REFRESH_MS,
  });
  useQuery({
    ...syncHealthQuery,
    ...{ enabled: data !== undefined && isUncopied(data), refetchInterval: false },
  });
  const update = () => void queries.invalidateQueries({ queryKey: ['event', id] });
  useStatusNews({
    onItems: (items) => {
      if (items.some((item) => item.id === id)) update();
    },
    onMissed: update,
  });
  const neighbours = list === undefined ? null : <Neighbours id={id} list={list} />;
  if (isPending) return <Loading rows={10} label="Loading the event" />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    if (failure.status === 404 || failure.code === 'ERR_QUERY_INVALID') return <Unknown id={id} />;
    return <Failed what="The event could not be loaded" failure={failure} onRetry={() => void refetch()} />;
  }
  return (
    <>
      {neighbours}
      {error instanceof Failure && (
        <Failed
          what="The event could not be loaded again"
          failure={error}
          asOf={dataUpdatedAt}
          onRetry={() => void refetch()}
        />
      )}
      <StaleFrame asOf={connection === 'stale' ? dataUpdatedAt : null}>
        {/* What was done to one event, and the note of it, is not said of the next. */}
        <Detail key={data.id} detail={data} field={field} />
      </StaleFrame>
    </>
  );
}

function Unknown({ id }: { readonly id: string }) {
  return (
    <>
      <PageHead title="Event" />
      <Empty title="There is no such event" action={<Link to="/events">All events</Link>}>
        <code>{id}</code> was never accepted here, or is older than what is kept.
      </Empty>
    </>
  );
}

function Detail({ detail, field }: { readonly detail: EventDetail; readonly field: string | null }) {
  const { id, raw, normalized, duplicate } = detail;
  const navigate = useNavigate();
  const choose = (name: string | null) =>
    void navigate({
      to: '/events/$id',
      params: { id },
      search: ({ field: _before, ...rest }) => (name === null ? rest : { ...rest, field: name }),
      replace: true,
      resetScroll: false,
    });
  const isTwin = duplicate !== null || (raw !== null && raw.conflictOf !== null);
  return (
    <article>
      <PageHead title={`Event ${id.slice(0, 12)}…`}>
        <Copyable value={id} name="event id" head={40} />
      </PageHead>
      <Head detail={detail} />
      <Actions detail={detail} />
      <Section title="Timeline">
        <Timeline detail={detail} />
      </Section>
      <Section title="Payload">
        <Payload detail={detail} field={field} onField={choose} />
      </Section>
      {isTwin && (
        <Section title="Duplicate check">
          <Duplicate detail={detail} />
        </Section>
      )}
      {raw !== null && (
        <Section title="Identity">
          <Identity raw={raw} normalized={normalized} />
        </Section>
      )}
    </article>
  );
}

function Identity({
  raw,
  normalized,
}: Pick<EventDetail, 'normalized'> & { readonly raw: NonNullable<EventDetail['raw']> }) {
  return (
    <Facts
      facts={[
        ['Idempotency key', <Copyable key="k" value={raw.idempotencyKey} name="idempotency key" head={32} />],
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
        ['Mapping revision', normalized === null ? 'none' : (normalized.mappingRevision ?? 'built-in rules')],
        ['Attempts', String(raw.attempts)],
        [
          'Same key, other body',
          raw.conflicts.length === 0
            ? 'never'
            : raw.conflicts.map((conflict) => (
                <Link key={conflict} to="/events/$id" params={{ id: conflict }}>
                  <code>{conflict.slice(0, 20)}…</code>
                </Link>
              )),
        ],
      ]}
    />
  );
}

function isFinal({ status }: EventDetail): boolean {
  return status === 'normalized' || status === 'duplicate' || status === 'dead';
}
