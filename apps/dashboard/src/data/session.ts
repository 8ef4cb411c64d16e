import type { SessionAnswer } from '@sluice/contracts/access';
import { queryOptions } from '@tanstack/react-query';
import { Failure, read, send } from './http.ts';

/** Asks who is signed in; null = nobody, so the page to sign in is shown. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: async ({ signal }): Promise<SessionAnswer | null> => {
    try {
      return await read<SessionAnswer>('/api/session', {}, signal);
    } catch (error) {
      if (error instanceof Failure && error.status === 401) return null;
      throw error;
    }
  },
});

/** Signs in with a key; the browser keeps a cookie that scripts cannot read. @throws Failure */
export function signIn(key: string): Promise<SessionAnswer> {
  return send<SessionAnswer>('POST', '/api/session', { key });
}

/** Signs out. @throws Failure */
export function signOut(): Promise<void> {
  return send<void>('DELETE', '/api/session');
}
