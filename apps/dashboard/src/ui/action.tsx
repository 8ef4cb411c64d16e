import { useKeyProps } from '../shell/key-map.ts';
import styles from './action.module.css';

/** How much a button weighs: one `primary` a page at most; `danger` destroys or cannot be taken back. */
export type Weight = 'primary' | 'plain' | 'quiet' | 'danger';

/** A button: verb, object, number. When it cannot be used the reason stands in text beside it, not in a tooltip. */
export function Action({
  weight = 'plain',
  reason,
  busy = false,
  children,
  'aria-keyshortcuts': key,
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
  /** The single key that presses it, as it is without a map of one's own. */
  readonly 'aria-keyshortcuts'?: string;
}) {
  const keyProps = useKeyProps(key);
  const shortcut = keyProps['aria-keyshortcuts'];
  return (
    <span className={styles['frame']}>
      <button
        type="button"
        {...button}
        {...keyProps}
        className={styles['action']}
        data-weight={weight}
        data-page-action=""
        disabled={reason !== undefined || busy}
        aria-busy={busy}
      >
        {children}
        {shortcut !== undefined && (
          <span aria-hidden="true" className={styles['key']}>
            {shortcut}
          </span>
        )}
      </button>
      {reason !== undefined && <span className={styles['reason']}>{reason}</span>}
    </span>
  );
}
