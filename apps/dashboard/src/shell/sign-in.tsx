import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../data/http.ts';
import { sessionQuery, signIn } from '../data/session.ts';
import { Action } from '../ui/action.tsx';
import styles from './sign-in.module.css';

/** Asks for a key; the browser then keeps a cookie that scripts cannot read. */
export function SignIn() {
  const queries = useQueryClient();
  const [key, setKey] = useState('');
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
