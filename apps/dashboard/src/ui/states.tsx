/*
 * The state contract: loading, empty, error, partial, stale and forbidden are six different pictures. A page shows
 * nothing for 300 ms, then rows of the height that is to come; what was loaded stays while it is loaded again.
 */
import { useEffect, useState } from 'react';
import type { Failure } from '../data/http.ts';
import { Action } from './action.tsx';
import styles from './states.module.css';
import { Time } from './time.tsx';

/** How long nothing is shown before the skeleton, in ms. */
const PATIENCE_MS = 300;

const BONES = Array.from({ length: 24 }, (_, bone) => bone);

/** Shows rows of the final height once loading has taken longer than 300 ms. */
export function Loading({
  rows = 8,
  label = 'Loading',
}: {
  readonly rows?: number;
  readonly label?: string;
}) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles['loading']} style={{ height: `calc(var(--row) * ${rows})` }} aria-busy="true">
      <span className="visually-hidden">{label}</span>
      {shown && BONES.slice(0, rows).map((bone) => <span key={bone} className={styles['bone']} />)}
    </div>
  );
}

/** Says in words that there is nothing, for which question, and what to do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children?: React.ReactNode;
  readonly action?: React.ReactNode;
}) {
  return (
    <div className={styles['empty']}>
      <p className={styles['title']}>{title}</p>
      {children !== undefined && <div className={styles['text']}>{children}</div>}
      {action}
    </div>
  );
}

/** Says what failed, with what code, and offers to try again. Never looks like an empty list. */
export function Failed({
  what,
  failure,
  onRetry,
  asOf,
}: {
  /** What could not be done, like "The events could not be loaded". */
  readonly what: string;
  readonly failure: Failure;
  readonly onRetry?: () => void;
  /** When what still stands on the page was loaded, in epoch ms. */
  readonly asOf?: number;
}) {
  return (
    <div className={styles['failed']} role="alert">
      <p className={styles['title']}>{what}.</p>
      <p className={styles['text']}>{failure.message}</p>
      <p className={styles['evidence']}>
        {failure.status === 0 ? 'No answer' : `HTTP ${failure.status}`}
        {failure.code !== null && ` · ${failure.code}`}
        {failure.requestId !== null && ` · ${failure.requestId}`}
        {asOf !== undefined && (
          <>
            {' · shown as of '}
            <Time at={asOf} />
          </>
        )}
      </p>
      {onRetry !== undefined && <Action onClick={onRetry}>Try again</Action>}
    </div>
  );
}

/** Names the role that is missing. */
export function Forbidden({ what, needs }: { readonly what: string; readonly needs: string }) {
  return (
    <div className={styles['empty']}>
      <p className={styles['title']}>{what}</p>
      <p className={styles['text']}>
        This needs a key with the role <strong>{needs}</strong>. Ask an admin for one, then sign in with it.
      </p>
    </div>
  );
}

/** Hatches what may be out of date, and says since when. */
export function StaleFrame({
  asOf,
  children,
}: {
  /** When the content was true, in epoch ms; null while it is current. */
  readonly asOf: number | null;
  readonly children: React.ReactNode;
}) {
  if (asOf === null) return children;
  return (
    <div className={styles['stale']}>
      <p className={styles['as-of']}>
        as of <Time at={asOf} />
      </p>
      {children}
    </div>
  );
}
