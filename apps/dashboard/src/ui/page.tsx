import { useEffect } from 'react';
import styles from './page.module.css';

/** The head of a page: its name, what stands beside it, and the title of the window. */
export function PageHead({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: React.ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <header className={styles['head']}>
      <h1>{title}</h1>
      {children}
    </header>
  );
}

/** A part of a page under a hairline. */
export function Section({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: React.ReactNode;
  readonly children: React.ReactNode;
}) {
  return (
    <section className={styles['section']} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside !== undefined && <span className={styles['aside']}>{aside}</span>}
      </header>
      {children}
    </section>
  );
}

/** Names and values in two columns. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
