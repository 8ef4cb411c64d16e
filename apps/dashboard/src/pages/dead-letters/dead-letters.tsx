import type { DeadLetters as Answer, DeadLetterGroup } from '@sluice/contracts/dead-letters';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure, read } from '../../data/http.ts';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { RailMarks } from '../../ui/rail.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Age, Time } from '../../ui/time.tsx';
import styles from './dead-letters.module.css';
import { describeStage, toReached } from './stopped-at.ts';

const REFRESH_MS = 5000;
const LIMIT = 100;

/** Answers: what broke, how many of it, since when. One row a cause, not one an event. */
export function DeadLetters() {
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ signal }) => read<Answer>('/api/dead-letters', { limit: LIMIT }, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const failure = error instanceof Failure ? error : null;
  return (
    <>
      <PageHead title="Dead letters">
        {data !== undefined && data.total > 0 && (
          <span>
            {plural(data.total, 'event')} of {plural(data.groups, 'cause')}
          </span>
        )}
      </PageHead>
      {failure !== null && (
        <Failed
          what="The dead letters could not be loaded"
          failure={failure}
          onRetry={() => void refetch()}
          {...(data === undefined ? {} : { asOf: dataUpdatedAt })}
        />
      )}
      {isPending && failure === null && <Loading rows={8} />}
      {data !== undefined && data.total === 0 && (
        <Empty title="Inbox empty">
          Every event became a record or a known duplicate, or is still on its way.
        </Empty>
      )}
      {data !== undefined && data.total > 0 && <Groups answer={data} />}
    </>
  );
}

function Groups({ answer: { items, window } }: { readonly answer: Answer }) {
  return (
    <>
      {window !== null && window.from !== window.to && (
        <p className={styles['window']}>
          The bars span <Time at={window.from} withDate /> to <Time at={window.to} withDate />.
        </p>
      )}
      <ul className={styles['groups']}>
        {items.map((group) => (
          <Group key={group.fingerprint} group={group} />
        ))}
      </ul>
    </>
  );
}

function Group({ group }: { readonly group: DeadLetterGroup }) {
  const { fingerprint, stage, code, message, count, sources, newest, oldest, sparkline } = group;
  const names = Object.entries(sources);
  return (
    <li className={styles['group']}>
      <span className={styles['count']}>{formatCount(count)}</span>
      <div className={styles['cause']}>
        <Link to="/dead-letters/$fingerprint" params={{ fingerprint }}>
          {message}
        </Link>
        <p>
          <code>{code}</code> · <RailMarks reached={toReached(stage)} label={describeStage(stage)} /> ·{' '}
          {names
            .slice(0, 3)
            .map(([name, of]) => `${name} ${formatCount(of)}`)
            .join(', ')}
          {names.length > 3 && ` and ${names.length - 3} more`}
        </p>
      </div>
      <span className={styles['when']}>
        newest <Age at={newest} />
        <br />
        oldest <Age at={oldest} />
      </span>
      <span className={styles['bars']}>
        <Sparkline counts={sparkline} label={`${count} dead letters over the window`} />
      </span>
    </li>
  );
}
