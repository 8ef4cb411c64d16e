import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Failure } from '../data/http.ts';
import { sessionQuery, signIn } from '../data/session.ts';
import { Action } from '../ui/action.tsx';
import styles from './sign-in.module.css';

/** Asks for a key; the browser then keeps a cookie that scripts cannot read. Signing in leads back to the same address. */
export function SignIn({
  isReturning,
}: {
  /** Whether somebody was signed in until now. */
  readonly isReturning: boolean;
}) {
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  useEffect(() => {
    document.title = 'Sign in · Sluice';
    // Whoever signs in next may see other things.
    queries.removeQueries({ predicate: ({ queryKey: [name] }) => name !== sessionQuery.queryKey[0] });
  }, [queries]);
  const { mutate, isPending, error } = useMutation({
    mutationFn: signIn,
    onSuccess: (session) => queries.setQueryData(sessionQuery.queryKey, session),
  });
  return (
    <main className={styles['page']}>
      <form
        className={styles['form']}
        onSubmit={(submit) => {
          submit.preventDefault();
          mutate(key.trim());
        }}
      >
        <h1>Sluice</h1>
        {isReturning && (
          <p role="alert" className={styles['ended']}>
            The session has ended. Signing in leads back to this page.
          </p>
        )}
        <label htmlFor="key">API key</label>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          value={key}
          onChange={({ target }) => setKey(target.value)}
          aria-describedby="key-help"
          aria-invalid={error !== null}
        />
        <p id="key-help" className={styles['help']}>
          The first start prints an admin key to its terminal. <code>sluice keys create</code> makes others.
        </p>
        {error !== null && (
          <p role="alert" className={styles['error']}>
            {error instanceof Failure && error.status === 401 ? 'This key is not valid.' : error.message}
          </p>
        )}
        <Action type="submit" weight="primary" busy={isPending}>
          Sign in
        </Action>
      </form>
    </main>
  );
}
