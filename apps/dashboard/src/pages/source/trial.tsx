import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { Problem, TextField } from '../../ui/field.tsx';
import { formatCount } from '../../ui/numbers.ts';
import { Facts } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './mappings.module.css';

/** Runs a revision over the newest stored events and shows what would come of them. */
export function Trial({ revision: { source, revision, trial } }: { readonly revision: RevisionAnswer }) {
  const queries = useQueryClient();
  const lack = useLack('operator');
  const [count, setCount] = useState('100');
  const isCount = /^[1-9]\d{0,3}$/.test(count) && Number(count) <= 1000;
  const path = `/api/sources/${encodeURIComponent(source)}/mapping/${revision}/trial`;
  const run = useMutation({
    mutationFn: () => send<RevisionAnswer>('POST', path, { count: Number(count) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['mappings', source] }),
  });
  return (
    <div className={styles['dry']}>
      <div className={styles['actions']}>
        <TextField label="Newest stored events" inputMode="numeric" value={count} onChange={setCount} />
        <Action
          busy={run.isPending}
          reason={lack ?? (isCount ? undefined : 'a number from 1 to 1 000')}
          onClick={() => run.mutate()}
        >
          Run revision {revision} over them
        </Action>
      </div>
      <Problem error={run.error} />
      {trial === null ? <p>It was never tried on stored events.</p> : <Outcome trial={trial} />}
    </div>
  );
}

function Outcome({ trial }: { readonly trial: NonNullable<RevisionAnswer['trial']> }) {
  const { at, tried, passed, failed, changed, added, skipped, isWhole, failures, warnings } = trial;
  return (
    <>
      <Facts
        facts={[
          ['Tried', `${formatCount(tried)}${isWhole ? ', all there are' : ''}`],
          ['Pass', formatCount(passed)],
          [
            'Fail',
            failed === 0 ? (
              '0'
            ) : (
              <b key="f" className={styles['failure']}>
                {formatCount(failed)}
              </b>
            ),
          ],
          ['Would be stored differently', formatCount(changed)],
          ['Would be new records', formatCount(added)],
          ['Hold no payload', formatCount(skipped)],
          ['When', <Time key="t" at={at} withDate />],
        ]}
      />
      <Groups name="Failures" groups={failures} />
      <Groups name="Warnings" groups={warnings} />
    </>
  );
}

function Groups({
  name,
  groups,
}: {
  readonly name: string;
  readonly groups: NonNullable<RevisionAnswer['trial']>['failures'];
}) {
  if (groups.length === 0) return null;
  return (
    <PlainTable label={name} wraps>
      <thead>
        <tr>
          <th scope="col" data-align="right">
            {name}
          </th>
          <th scope="col">Field</th>
          <th scope="col">Why</th>
          <th scope="col" data-from="600">
            The first of them
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map(({ code, field, count, message, events }) => (
          <tr key={`${code} ${field ?? ''} ${message}`}>
            <td data-align="right">{formatCount(count)}</td>
            <th scope="row">{field ?? ''}</th>
            <td>
              {message} <code>{code}</code>
            </td>
            <td data-from="600">
              {events.map((id) => (
                <Link key={id} to="/events/$id" params={{ id }} className={styles['event'] ?? ''}>
                  <code>{id.slice(0, 12)}…</code>
                </Link>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </PlainTable>
  );
}
