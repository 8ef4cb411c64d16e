import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure, read } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { formatCount } from '../../ui/numbers.ts';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { JsonLines } from '../event/json-lines.tsx';
import styles from './mappings.module.css';

/** Lists the revisions of a source's mapping; the chosen one is shown whole, with its last trial. */
export function Mappings({ sourceId }: { readonly sourceId: string }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['mappings', sourceId],
    queryFn: ({ signal }) =>
      read<Page<RevisionAnswer>>(
        `/api/sources/${encodeURIComponent(sourceId)}/mapping`,
        { limit: 50 },
        signal,
      ),
  });
  if (isPending) return <Loading rows={3} />;
  if (data === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    return (
      <Failed what="The mappings could not be loaded" failure={failure} onRetry={() => void refetch()} />
    );
  }
  if (data.items.length === 0) {
    return (
      <Empty title="It has no mapping of its own">
        The built-in rules find fields by their usual names, and record each guess as a warning.
      </Empty>
    );
  }
  const shown = data.items.find(({ revision }) => revision === chosen) ?? data.items[0];
  return (
    <div className={styles['both']}>
      <ol className={styles['list']}>
        {data.items.map((item) => (
          <li key={item.revision}>
            <button
              type="button"
              aria-pressed={item === shown}
              data-state={item.state}
              onClick={() => setChosen(item.revision)}
            >
              <b>Revision {item.revision}</b> {item.state}
              <span>
                <Time at={item.activatedAt ?? item.createdAt} withDate />
              </span>
            </button>
          </li>
        ))}
      </ol>
      {shown !== undefined && (
        <div>
          <Trial revision={shown} />
          <JsonLines value={shown.mapping} marked={null} />
        </div>
      )}
    </div>
  );
}

function Trial({ revision: { trial, forced, state } }: { readonly revision: RevisionAnswer }) {
  if (trial === null) {
    return (
      <p className={styles['trial']}>
        {state === 'draft' ? 'Not used until it is activated. ' : ''}
        {forced === null ? 'It was never tried.' : `Activated without a trial: ${forced.reason}`}
      </p>
    );
  }
  return (
    <p className={styles['trial']}>
      Tried on {formatCount(trial.tried)} stored events: {formatCount(trial.passed)} pass,{' '}
      {formatCount(trial.failed)} fail, {formatCount(trial.changed)} would be stored differently.
      {trial.failures.map(({ code, field, count, message }) => (
        <span key={`${code} ${field ?? ''}`} className={styles['failure']}>
          {formatCount(count)} × {code} {field}: {message}
        </span>
      ))}
    </p>
  );
}
