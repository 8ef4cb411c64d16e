import type { SourceDetail } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import { toFailure } from '../../data/failure.ts';
import { read } from '../../data/http.ts';
import { JsonBlock } from '../../ui/json-block.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { NextRun } from '../schedules/next-run.tsx';
import { PollActions } from '../schedules/poll-actions.tsx';
import { RunMarks } from '../schedules/run-marks.tsx';
import { Counters } from './counters.tsx';
import { Mappings } from './mappings.tsx';
import { PollRuns } from './poll-runs.tsx';
import { SendTo } from './send-to.tsx';
import styles from './source.module.css';
import { describeVerification, Secrets } from './verification.tsx';
import { useNewest, Waiting } from './waiting.tsx';

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
  const failure = toFailure(error);
  if (isPending) return <Loading rows={10} />;
  if (data === undefined) {
    if (failure?.status === 404) {
      return (
        <Empty title={`There is no source ${id}`} action={<Link to="/sources">All sources</Link>}>
          It may have been deleted; its events are kept.
        </Empty>
      );
    }
    return failure === null ? null : (
      <Failed what="The source could not be loaded" failure={failure} onRetry={() => void refetch()} />
    );
  }
  return <Detail key={data.id} source={data} />;
}

function Detail({ source }: { readonly source: SourceDetail }) {
  const { id, kind, active, paused, polling } = source;
  return (
    <article>
      <PageHead title={id}>
        <span>{kind === 'poll' ? 'we poll it' : 'sends to us'}</span>
        <span>{active ? (paused ? 'paused' : 'active') : 'not active'}</span>
        {kind === 'poll' && active && <PollActions id={id} paused={paused} />}
      </PageHead>
      {kind === 'push' && <Push source={source} />}
      {polling !== null && <Poll source={source} polling={polling} />}
      <Section title="Last 24 hours" aside="by what became of the events; by hour of arrival">
        <Counters id={id} />
      </Section>
      <Section title="Mapping" aside="what becomes of its fields">
        <Mappings sourceId={id} owner={source.owner} />
      </Section>
      <Section title="Declaration" aside="secrets are only named, or shown as set">
        <JsonBlock label={`Declaration of ${id}`} value={source.source} />
      </Section>
    </article>
  );
}

function Push({ source: { id, source, active, ...rest } }: { readonly source: SourceDetail }) {
  const waits = useRef(false);
  const newest = useNewest(id, waits.current);
  const { event, refusal } = newest;
  // Once it was waited for, what came first stays in sight while the page is open.
  if (newest.isKnown && event === null) waits.current = true;
  const isOpen = describeVerification(source['scheme']) === describeVerification('none');
  const limit = source['rateLimit'];
  const perSecond =
    typeof limit === 'object' && limit !== null && 'perSecond' in limit ? limit['perSecond'] : null;
  return (
    <>
      {waits.current && active && <Waiting event={event} refusal={refusal} />}
      <Facts
        facts={[
          ['Verification', describeVerification(source['scheme'])],
          ['Secrets', <Secrets key="s" source={source} />],
          ['Rate limit', perSecond === null ? 'none' : `${String(perSecond)} events a second`],
          ...toOwner(rest),
          [
            'Last event',
            event === null ? (
              'none is stored'
            ) : (
              <Link key="e" to="/events/$id" params={{ id: event.id }}>
                <Time at={event.receivedAt} withDate />
              </Link>
            ),
          ],
          [
            'Last refused request',
            refusal === null ? (
              'none is kept'
            ) : (
              <Link key="r" to="/requests" search={{ source: id }}>
                <Time at={refusal.at} withDate />, {refusal.cause}
              </Link>
            ),
          ],
        ]}
      />
      <Section title="Send to it" {...(isOpen ? {} : { aside: 'with its secret in $SECRET' })}>
        <SendTo id={id} scheme={source['scheme']} />
      </Section>
    </>
  );
}

function Poll({
  source: { id, source, paused, ...rest },
  polling,
}: {
  readonly source: SourceDetail;
  readonly polling: NonNullable<SourceDetail['polling']>;
}) {
  const { runs, nextRunAt, lagSeconds } = polling;
  const error = runs.find((run) => run.error !== null);
  return (
    <>
      <Facts
        facts={[
          ['Address', <code key="a">{String(source['url'])}</code>],
          ['Schedule, UTC', <code key="s">{String(source['schedule'])}</code>],
          ['Next run', <NextRun key="n" schedule={{ paused, nextRunAt, runs, dueAt: null, missed: 0 }} />],
          [
            'Behind',
            lagSeconds === null ? 'unknown: it was never read to the end' : formatDuration(lagSeconds * 1000),
          ],
          ['Secrets', <Secrets key="k" source={source} />],
          ...toOwner(rest),
          [
            'Last error',
            error === undefined ? (
              'none among the last runs'
            ) : (
              <span key="e" className={styles['error']}>
                <Time at={error.startedAt} withDate />: {error.error}
              </span>
            ),
          ],
          [
            'Events',
            <Link key="l" to="/events" search={{ source: id }}>
              all events of {id}
            </Link>,
          ],
        ]}
      />
      <Section title="Last runs" aside="the newest first">
        {runs.length > 0 && <RunMarks runs={runs} />}
        <PollRuns runs={runs} />
      </Section>
    </>
  );
}

function toOwner({
  owner,
  revision,
  updatedAt,
}: Pick<SourceDetail, 'owner' | 'revision' | 'updatedAt'>): (readonly [string, React.ReactNode])[] {
  return [
    ['Declared', owner === 'file' ? 'in the sources file, which alone changes it' : 'by the api'],
    [
      'Changed',
      <span key="u">
        <Time at={updatedAt} withDate />, revision {revision}
      </span>,
    ],
  ];
}
