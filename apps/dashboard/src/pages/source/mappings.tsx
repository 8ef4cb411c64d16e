import type { RevisionAnswer, SourceItem } from '@sluice/contracts/sources-api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { toFailure } from '../../data/failure.ts';
import { read } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { Action } from '../../ui/action.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Draft } from './draft.tsx';
import styles from './mappings.module.css';
import { Revision } from './revision.tsx';

const LIMIT = 100;

/** Lists the revisions of a source's mapping; the chosen one can be compared, tried, activated and retired. */
export function Mappings({
  sourceId,
  owner,
}: {
  readonly sourceId: string;
  readonly owner: SourceItem['owner'];
}) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [isDrafting, setDrafting] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['mappings', sourceId],
    queryFn: ({ signal }) =>
      read<Page<RevisionAnswer>>(
        `/api/sources/${encodeURIComponent(sourceId)}/mapping`,
        { limit: LIMIT },
        signal,
      ),
  });
  const failure = toFailure(error);
  if (isPending) return <Loading rows={3} />;
  if (data === undefined) {
    return failure === null ? null : (
      <Failed what="The mappings could not be loaded" failure={failure} onRetry={() => void refetch()} />
    );
  }
  const active = data.items.find(({ state }) => state === 'active');
  const shown = data.items.find(({ revision }) => revision === chosen) ?? active ?? data.items[0];
  const draft = (
    <Draft
      sourceId={sourceId}
      from={shown}
      onSaved={(revision) => {
        setChosen(revision);
        setDrafting(false);
      }}
      onClose={() => setDrafting(false)}
    />
  );
  if (shown === undefined) {
    if (isDrafting) return draft;
    return (
      <Empty
        title="It has no mapping of its own"
        action={<Action onClick={() => setDrafting(true)}>Write a first draft…</Action>}
      >
        The built-in rules find fields by their usual names, and record each guess as a warning.
      </Empty>
    );
  }
  return (
    <div className={styles['both']}>
      <div>
        <ol className={styles['list']} aria-label="Revisions">
          {data.items.map((item) => (
            <li key={item.revision}>
              <button
                type="button"
                aria-pressed={item === shown && !isDrafting}
                data-state={item.state}
                onClick={() => {
                  setChosen(item.revision);
                  setDrafting(false);
                }}
              >
                <b>Revision {item.revision}</b> {item.state}
                <span>
                  <Time at={item.activatedAt ?? item.createdAt} withDate />
                  {` by ${item.activatedBy ?? item.createdBy ?? 'the sources file'}`}
                </span>
              </button>
            </li>
          ))}
        </ol>
        {active === undefined && <p>None is active: the built-in rules are used.</p>}
        {!isDrafting && <Action onClick={() => setDrafting(true)}>New draft…</Action>}
      </div>
      {isDrafting ? (
        draft
      ) : (
        <Revision
          key={shown.revision}
          revision={shown}
          revisions={data.items}
          active={active}
          isOfFile={owner === 'file' && active?.owner === 'file'}
        />
      )}
    </div>
  );
}
