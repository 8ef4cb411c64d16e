import styles from './notice.module.css';

/** Says something that concerns the whole page, above it; `dead` = nothing works, `failed` = something is held up. */
export function Notice({
  tone,
  children,
}: {
  readonly tone: 'dead' | 'failed' | 'plain';
  readonly children: React.ReactNode;
}) {
  return (
    <div className={styles['notice']} data-tone={tone} role={tone === 'dead' ? 'alert' : undefined}>
      {children}
    </div>
  );
}
