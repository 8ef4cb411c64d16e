import styles from './figures.module.css';

/** Puts large figures beside one another, with hairlines between them. */
export function Figures({ children }: { readonly children: React.ReactNode }) {
  return <dl className={styles['figures']}>{children}</dl>;
}

/** Shows one figure: its name above it, and what it means below. */
export function Figure({
  name,
  figure,
  note,
  isWords = false,
}: {
  readonly name: string;
  readonly figure: React.ReactNode;
  readonly note?: React.ReactNode;
  /** It is no number: words stand smaller. */
  readonly isWords?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span className={styles['figure']} data-kind={isWords ? 'words' : 'number'}>
          {figure}
        </span>
        {note !== undefined && <span className={styles['note']}>{note}</span>}
      </dd>
    </div>
  );
}
