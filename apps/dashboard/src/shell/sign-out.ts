import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { sessionQuery, signOut } from '../data/session.ts';

/** Returns how to sign out; null where nobody is asked who they are. */
export function useSignOut(): (() => void) | null {
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const { mutate } = useMutation({
    mutationFn: signOut,
    onSettled: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return session === undefined || session === null || session.keyId === null ? null : () => mutate();
}
