import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Failure } from '../data/http.ts';
import { LiveContext } from '../data/live-context.ts';
import { createLiveStore, type LiveStore } from '../data/live-store.ts';
import { sessionQuery } from '../data/session.ts';
import { Failed, Loading } from '../ui/states.tsx';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';

/** Shows the pages to whoever is signed in, and the form to everybody else; the address stays what it is. */
export function SignedIn() {
  const { data: session, error, isPending, refetch } = useQuery(sessionQuery);
  const wasSignedIn = useRef(false);
  if (isPending) return <Loading rows={4} />;
  if (session === null) return <SignIn isReturning={wasSignedIn.current} />;
  if (session === undefined) {
    const failure = error instanceof Failure ? error : new Failure(String(error), { status: 0 });
    return (
      <div style={{ padding: 24 }}>
        <Failed what="The dashboard cannot reach its api" failure={failure} onRetry={() => void refetch()} />
      </div>
    );
  }
  wasSignedIn.current = true;
  return <Live />;
}

function Live() {
  const queries = useQueryClient();
  const [store, setStore] = useState<LiveStore | null>(null);
  useEffect(() => {
    const created = createLiveStore();
    // A browser does not say why a stream was refused: it may be that the session has ended.
    const stop = created.listen(({ kind }) => {
      if (kind === 'lost') void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    });
    setStore(created);
    return () => {
      stop();
      created.close();
    };
  }, [queries]);
  if (store === null) return null;
  return (
    <LiveContext value={store}>
      <Shell />
    </LiveContext>
  );
}
