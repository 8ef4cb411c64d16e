import { useEffect, useRef } from 'react';
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
  shows,
  children,
}: {
  readonly title: string;
  readonly aside?: React.ReactNode;
  /** The id of what was chosen above; the section comes into view whenever it is another one. */
  readonly shows?: string;
  readonly children: React.ReactNode;
}) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (shows !== undefined) section.current?.scrollIntoView({ block: 'nearest' });
  }, [shows]);
  return (
    <section ref={section} className={styles['section']} aria-label={title}>
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
