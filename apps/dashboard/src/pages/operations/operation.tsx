import type { ReplayDetail } from '@sluice/contracts/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Failure, read, send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { formatCount, formatFigure } from '../../ui/numbers.ts';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { type Mark, Status } from '../../ui/status-glyph.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import { Canary } from './canary.tsx';
import { describeFilter } from './describe-filter.ts';
import styles from './operation.module.css';

const REFRESH_MS = 1000;

/** Answers: how far is this replay, what came of it, can it be stopped. */
export function Operation() {
  const { id } = useParams({ from: '/shell/operations/$id' });
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['replay', id],
    queryFn: ({ signal }) => read<ReplayDetail>(`/api/replays/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state }) => (state.data?.settled === true ? false : REFRESH_MS),
  });
  if (isPending) return <Loading rows={8} />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    if (failure.status === 404 || failure.status === 400) {
      return (
        <Empty title="There is no such operation" action={<Link to="/operations">All operations</Link>} />
      );
    }
    return (
      <Failed what="The operation could not be loaded" failure={failure} onRetry={() => void refetch()} />
    );
  }
  return <Detail replay={data} />;
}

function Detail({ replay }: { readonly replay: ReplayDetail }) {
  const { canaryOf } = useSearch({ from: '/shell/operations/$id' });
  const { planned, enqueued, remaining, skipped, stopped } = replay;
  return (
    <article>
      <PageHead title={`Replay of ${describeFilter(replay)}`}>
        <b>{replay.state}</b>
        <Controls replay={replay} />
      </PageHead>
      {canaryOf !== undefined && <Canary replay={replay} fingerprint={canaryOf} />}
      {replay.stateReason !== null && <p className={styles['why']}>{replay.stateReason}</p>}
      {replay.waitingFor !== null && <p className={styles['why']}>It waits for {replay.waitingFor}.</p>}
      <Bar replay={replay} />
      <ul className={styles['key']}>
        {PARTS.map(([mark, word, read]) => (
          <li key={mark}>
            <Status mark={mark}>
              {word} {formatCount(read(replay))}
            </Status>
          </li>
        ))}
        <li>still to come {formatCount(remaining)}</li>
      </ul>
      <p className={styles['line']}>
        {formatCount(enqueued)} of {formatCount(planned)} put into the queue
        {replay.state === 'running' && ` · ${formatFigure(replay.currentPerSecond)}/s`}
        {replay.etaSeconds !== null &&
          replay.etaSeconds > 0 &&
          ` · ${formatDuration(replay.etaSeconds * 1000)} left`}
      </p>
      <Facts
        facts={[
          ['Skipped, no longer dead', formatCount(skipped)],
          ['Never begun', formatCount(stopped)],
          ['Rate cap', `${formatFigure(replay.ratePerSecond)} a second`],
          ['Stops itself when', `${formatFigure(replay.stopAtFailureShare * 100)} % fail again`],
          ['Dead before', <Time key="w" at={replay.plan.watermark} withDate />],
          ['Started', <Time key="c" at={replay.createdAt} withDate />],
          ['By', replay.actor],
          ['Why', replay.reason ?? 'no reason was given'],
        ]}
      />
      {replay.failedAgainIds.length > 0 && (
        <Section title="Failed again" aside={replay.nextCursor === null ? undefined : 'the first of them'}>
          <ul className={styles['ids']}>
            {replay.failedAgainIds.map((id) => (
              <li key={id}>
                <Link to="/events/$id" params={{ id }}>
                  <code>{id}</code>
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </article>
  );
}

function Controls({ replay: { id, state, remaining } }: { readonly replay: ReplayDetail }) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (what: 'pause' | 'resume' | 'cancel') => send('POST', `/api/replays/${id}/${what}`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['replay', id] }),
  });
  if (state !== 'planned' && state !== 'running' && state !== 'paused') return null;
  return (
    <>
      <Action busy={isPending} onClick={() => mutate(state === 'paused' ? 'resume' : 'pause')}>
        {state === 'paused' ? 'Resume' : 'Pause'}
      </Action>
      <Action weight="danger" busy={isPending} onClick={() => mutate('cancel')}>
        {`Cancel the remaining ${formatCount(remaining)}`}
      </Action>
      {error !== null && <span role="alert">{error.message}</span>}
    </>
  );
}

/** What became of the events so far, in the order of the bar. */
const PARTS: readonly (readonly [Mark, string, (replay: ReplayDetail) => number])[] = [
  ['normalized', 'succeeded', ({ succeeded }) => succeeded],
  ['duplicate', 'duplicate', ({ duplicate }) => duplicate],
  ['dead', 'failed again', ({ failedAgain }) => failedAgain],
  ['processing', 'on their way', ({ inFlight }) => inFlight],
];

/** What was put into the queue and what came of it are two different things: both are drawn. */
function Bar({ replay }: { readonly replay: ReplayDetail }) {
  const { planned, succeeded, duplicate, failedAgain } = replay;
  return (
    <div
      className={styles['bar']}
      role="progressbar"
      aria-label="Outcomes"
      aria-valuemin={0}
      aria-valuemax={planned}
      aria-valuenow={succeeded + duplicate + failedAgain}
    >
      {PARTS.map(([mark, _word, read]) => (
        <span
          key={mark}
          style={{
            width: planned === 0 ? 0 : `${(read(replay) / planned) * 100}%`,
            background: `var(--${mark})`,
          }}
        />
      ))}
    </div>
  );
}
