import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useKeyProps } from './key-map.ts';
import { PAGES } from './navigation.ts';
import styles from './shell.module.css';

/** Leads from a page of one thing up to the list of them, as the list was left; Escape does the same. */
export function UpLink() {
  const { history } = useRouter();
  const { pathname, href } = useRouterState({ select: ({ location }) => location });
  const left = useRef(new Map<string, string>());
  const keyProps = useKeyProps('Escape');
  useEffect(() => {
    left.current.set(pathname, href);
  }, [pathname, href]);
  const page = PAGES.find(({ to }) => pathname.startsWith(`${to}/`));
  if (page === undefined) return null;
  return (
    <p className={styles['up']}>
      <Link
        {...keyProps}
        to={page.to}
        onClick={(event) => {
          const before = left.current.get(page.to);
          if (before === undefined || event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          history.push(before);
        }}
      >
        ← {page.name}
      </Link>
    </p>
  );
}
