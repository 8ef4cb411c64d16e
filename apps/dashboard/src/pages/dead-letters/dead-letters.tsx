import type { DeadLetters as Answer } from '@sluice/contracts/dead-letters';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { toFailure } from '../../data/failure.ts';
import { read } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { Action } from '../../ui/action.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { PageHead } from '../../ui/page.tsx';
import { Empty, Failed, Loading, StaleFrame } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './dead-letters.module.css';
import { GroupCard } from './group-card.tsx';

const REFRESH_MS = 5000;
const LIMIT = 100;

const FILTERS = [
  { name: 'source', label: 'Source', example: 'shop' },
  { name: 'code', label: 'Code', example: 'ERR_FIELD_REQUIRED' },
  { name: 'from', label: 'Received from', example: '2026-11-21T03:00:00Z' },
  { name: 'to', label: 'Until', example: '2026-11-22' },
] as const;

/** Answers: what broke, how many of it, since when, does it go on. One row a cause, not one an event. */
export function DeadLetters() {
  const search = useSearch({ from: '/shell/dead-letters' });
  const navigate = useNavigate();
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['dead-letters', search],
    queryFn: ({ signal }) => read<Answer>('/api/dead-letters', { ...search, limit: LIMIT }, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const { connection } = useLiveState();
  const failure = toFailure(error);
  const isFiltered = Object.keys(search).length > 0;
  const filter = (values: typeof search) => void navigate({ to: '/dead-letters', search: values });
  return (
    <>
      <PageHead title="Dead letters">
        {data !== undefined && data.total > 0 && (
          <span>
            {plural(data.total, 'event')} of {plural(data.groups, 'cause')}
          </span>
        )}
      </PageHead>
      <FilterBar fields={FILTERS} values={search} onFilter={filter} />
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
        <Empty
          title={isFiltered ? 'No dead letter matches the filter' : 'Inbox empty'}
          action={isFiltered && <Action onClick={() => filter({})}>Clear the filter</Action>}
        >
          {!isFiltered &&
            'Every event became a record or a known duplicate, is still on its way, or was discarded.'}
        </Empty>
      )}
      {data !== undefined && data.total > 0 && (
        <StaleFrame asOf={connection === 'stale' ? dataUpdatedAt : null}>
          <Groups answer={data} onSource={(source) => filter({ ...search, source })} />
        </StaleFrame>
      )}
    </>
  );
}

function Groups({
  answer: { items, groups, window },
  onSource,
}: {
  readonly answer: Answer;
  readonly onSource: (source: string) => void;
}) {
  return (
    <>
      <p className={styles['window']}>
        Grouped by stage, code and message, with ids, numbers, times and hosts left out.
        {window !== null && window.from !== window.to && (
          <>
            {' '}
            The bars span <Time at={window.from} withDate /> to <Time at={window.to} withDate />.
          </>
        )}
        {groups > items.length && ` The ${formatCount(items.length)} largest causes are shown.`}
      </p>
      <ul className={styles['groups']}>
        {items.map((group) => (
          <GroupCard key={group.fingerprint} group={group} onSource={onSource} />
        ))}
      </ul>
    </>
  );
}
