import type { ApiKey } from '@sluice/contracts/access';
import { ROLES, type Role } from '@sluice/contracts/roles';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure, read, send } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { PageHead } from '../../ui/page.tsx';
import { PlainTable } from '../../ui/plain-table.tsx';
import { Empty, Failed, Forbidden, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './keys.module.css';
import { NewKey } from './new-key.tsx';

const LIMIT = 500;

/** What each role may do, in words. */
const MAY: Readonly<Record<Role, string>> = {
  sender: 'sends events, reads nothing',
  viewer: 'reads everything',
  operator: 'also retries, replays, changes sources',
  admin: 'also makes keys and reads the audit log',
};

/** Answers: who can get in, with what, until when. */
export function Keys() {
  const [isNew, setNew] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => read<Page<ApiKey>>('/api/keys', { limit: LIMIT }, signal),
  });
  const failure = error instanceof Failure ? error : null;
  if (failure?.status === 403) return <Forbidden what="The keys are for admins" needs="admin" />;
  return (
    <>
      <PageHead title="API keys">
        <Action onClick={() => setNew(true)}>Make a key…</Action>
      </PageHead>
      {/* The key is shown once: a click beside it must not lose it. */}
      <Dialog title="Make a key" opened={isNew} onClose={() => setNew(false)} closesOutside={false}>
        <NewKey may={MAY} onClose={() => setNew(false)} />
      </Dialog>
      {failure !== null && (
        <Failed what="The keys could not be loaded" failure={failure} onRetry={() => void refetch()} />
      )}
      {isPending && <Loading rows={4} />}
      {data !== undefined && data.items.length === 0 && (
        <Empty title="There are no keys">Nobody is asked for one here: it runs with AUTH=off.</Empty>
      )}
      {data !== undefined && data.items.length > 0 && (
        <PlainTable label="API keys">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Key</th>
              <th scope="col">Role</th>
              <th scope="col" data-from="900">
                Made
              </th>
              <th scope="col" data-from="900">
                Last used
              </th>
              <th scope="col" data-from="900">
                Until
              </th>
              <th scope="col">
                <span className="visually-hidden">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((key) => (
              <KeyRow key={key.id} item={key} />
            ))}
          </tbody>
        </PlainTable>
      )}
      <dl className={styles['roles']}>
        {ROLES.map((role) => (
          <div key={role}>
            <dt>{role}</dt>
            <dd>{MAY[role]}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function KeyRow({ item }: { readonly item: ApiKey }) {
  const queries = useQueryClient();
  const [sure, setSure] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => send('DELETE', `/api/keys/${item.id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  const isOver =
    item.revokedAt !== null || (item.expiresAt !== null && Date.parse(item.expiresAt) < Date.now());
  return (
    <tr data-over={isOver}>
      <th scope="row">{item.name}</th>
      <td>
        <code>{item.id}…</code>
      </td>
      <td>
        {item.role}
        {item.sources !== null && `, only ${item.sources.join(', ')}`}
      </td>
      <td data-from="900">
        <Time at={item.createdAt} withDate /> by {item.createdBy}
      </td>
      <td data-from="900">{item.lastUsedAt === null ? 'never' : <Time at={item.lastUsedAt} withDate />}</td>
      <td data-from="900">
        {item.revokedAt !== null ? (
          <>
            revoked <Time at={item.revokedAt} withDate />
          </>
        ) : item.expiresAt === null ? (
          'until it is revoked'
        ) : (
          <Time at={item.expiresAt} withDate />
        )}
      </td>
      <td>
        {!isOver && (
          <Action
            weight={sure ? 'danger' : 'quiet'}
            busy={isPending}
            onClick={() => (sure ? mutate() : setSure(true))}
          >
            {sure ? `Revoke ${item.name} now` : 'Revoke…'}
          </Action>
        )}
        {error !== null && <span role="alert">{error.message}</span>}
      </td>
    </tr>
  );
}
