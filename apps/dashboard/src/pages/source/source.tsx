import type { SourceDetail } from '@sluice/contracts/sources-api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Failure, read, send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { JsonLines } from '../event/json-lines.tsx';
import { Mappings } from './mappings.tsx';
import { PollRuns } from './poll-runs.tsx';

const REFRESH_MS = 3000;

/** Answers: how does this source reach us, does it work, and what becomes of what it sends. */
export function Source() {
  const { id } = useParams({ from: '/shell/sources/$id' });
  const path = `/api/sources/${encodeURIComponent(id)}`;
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['source', id],
    queryFn: ({ signal }) => read<SourceDetail>(path, {}, signal),
    refetchInterval: REFRESH_MS,
  });
  if (isPending) return <Loading rows={10} />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    if (failure.status === 404) {
      return (
        <Empty title={`There is no source ${id}`} action={<Link to="/sources">All sources</Link>}>
          It may have been deleted; its events are kept.
        </Empty>
      );
    }
    return <Failed what="The source could not be loaded" failure={failure} onRetry={() => void refetch()} />;
  }
  return <Detail source={data} />;
}

function Detail({ source }: { readonly source: SourceDetail }) {
  const { id, kind, owner, active, paused, polling, revision, updatedAt } = source;
  return (
    <article>
      <PageHead title={id}>
        <span>{kind === 'poll' ? 'polled' : 'sends to us'}</span>
        <span>{active ? (paused ? 'paused' : 'active') : 'not active'}</span>
        {kind === 'poll' && <PollActions source={source} />}
      </PageHead>
      <Facts
        facts={[
          ['Declared', owner === 'file' ? 'in the sources file, which alone changes it' : 'by the api'],
          ['Revision', String(revision)],
          ['Changed', <Time key="t" at={updatedAt} withDate />],
          [
            'Events',
            <Link key="e" to="/events" search={{ source: id }}>
              all events of {id}
            </Link>,
          ],
          [
            'Refused',
            <Link key="r" to="/requests" search={{ source: id }}>
              rejected requests
            </Link>,
          ],
          ...(polling === null
            ? [['Address', <code key="a">{`POST ${location.origin}/hooks/${id}`}</code>] as const]
            : [
                [
                  'Next run',
                  polling.nextRunAt === null ? (
                    'none while it is paused'
                  ) : (
                    <Time key="n" at={polling.nextRunAt} withDate />
                  ),
                ] as const,
                [
                  'Lag',
                  polling.lagSeconds === null ? 'never read yet' : formatDuration(polling.lagSeconds * 1000),
                ] as const,
              ]),
        ]}
      />
      {polling !== null && (
        <Section title="Last runs" aside="the newest first">
          <PollRuns runs={polling.runs} />
        </Section>
      )}
      <Section title="Mapping" aside="what becomes of its fields">
        <Mappings sourceId={id} />
      </Section>
      <Section title="Declaration" aside="secrets are only named, or shown as set">
        <JsonLines value={source.source} marked={null} />
      </Section>
    </article>
  );
}

function PollActions({ source: { id, paused } }: { readonly source: SourceDetail }) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (what: 'pause' | 'resume' | 'poll') =>
      send('POST', `/api/sources/${encodeURIComponent(id)}/${what}`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['source', id] }),
  });
  return (
    <>
      <Action busy={isPending} onClick={() => mutate(paused ? 'resume' : 'pause')}>
        {paused ? 'Resume polling' : 'Pause polling'}
      </Action>
      <Action busy={isPending} reason={paused ? 'resume it first' : undefined} onClick={() => mutate('poll')}>
        Poll now
      </Action>
      {error !== null && <span role="alert">{error.message}</span>}
    </>
  );
}
