import styles from './action.module.css';

/** How much a button weighs: one `primary` a page at most; `danger` destroys or cannot be taken back. */
export type Weight = 'primary' | 'plain' | 'quiet' | 'danger';

/** A button: verb, object, number. When it cannot be used the reason stands in text beside it, not in a tooltip. */
export function Action({
  weight = 'plain',
  reason,
  busy = false,
  children,
  ...button
}: {
  readonly weight?: Weight;
  /** Why it cannot be used now; absent = it can. */
  readonly reason?: string | undefined;
  readonly busy?: boolean;
  readonly children: React.ReactNode;
  readonly onClick?: () => void;
  readonly type?: 'button' | 'submit';
  readonly 'aria-label'?: string;
  readonly 'aria-keyshortcuts'?: string;
}) {
  return (
    <span className={styles['frame']}>
      <button
        type="button"
        {...button}
        className={styles['action']}
        data-weight={weight}
        disabled={reason !== undefined || busy}
        aria-busy={busy}
      >
        {children}
      </button>
      {reason !== undefined && <span className={styles['reason']}>{reason}</span>}
    </span>
  );
}
