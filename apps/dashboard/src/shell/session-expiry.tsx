import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../data/session.ts';
import { useNow } from '../ui/clock.ts';
import styles from './shell.module.css';

/** How long before its end a session is said to end, in ms. */
const WARN_MS = 5 * 60_000;

/** Says that the session ends soon, while there is time to finish. */
export function SessionExpiry() {
  const { data: session } = useQuery(sessionQuery);
  const expiresAt = session?.expiresAt ?? null;
  if (expiresAt === null) return null;
  return <Warning expiresAt={Date.parse(expiresAt)} />;
}

function Warning({ expiresAt }: { readonly expiresAt: number }) {
  const leftMs = expiresAt - useNow();
  if (leftMs > WARN_MS) return null;
  const minutes = Math.max(1, Math.ceil(leftMs / 60_000));
  return (
    <p className={styles['expiry']} role="alert">
      Your session ends within {minutes} min. Signing in again leads back to this page.
    </p>
  );
}
