import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { sessionQuery, signOut } from '../data/session.ts';
import { ZoneContext } from '../ui/time.tsx';
import { ConnectionWord } from './connection-word.tsx';
import { NAVIGATION } from './navigation.ts';
import { usePreference } from './preferences.ts';
import styles from './shell.module.css';
import { SignalStrip } from './signal-strip.tsx';

/** What stands around every page: where one is, how the last hour went, how old the page is. */
export function Shell() {
  const [zone, setZone] = usePreference('zone', ['utc', 'local'], 'utc');
  const [menuOpen, setMenuOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu, whatever its path is
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <ZoneContext value={zone}>
      <a className={styles['skip']} href="#page">
        Skip to the page
      </a>
      <div className={styles['shell']} data-menu={menuOpen ? 'open' : 'closed'}>
        <header className={styles['top']}>
          <button
            type="button"
            className={styles['menu-button']}
            aria-expanded={menuOpen}
            aria-controls="navigation"
            onClick={() => setMenuOpen(!menuOpen)}
          >
            Menu
          </button>
          <SignalStrip />
          <span className={styles['spacer']} />
          <ConnectionWord />
          <button
            type="button"
            className={styles['toggle']}
            aria-label={`Times are in ${zone === 'utc' ? 'UTC' : 'local time'}; change`}
            onClick={() => setZone(zone === 'utc' ? 'local' : 'utc')}
          >
            {zone === 'utc' ? 'UTC' : 'Local'}
          </button>
          <SchemeToggle />
        </header>
        <nav id="navigation" className={styles['side']} aria-label="Pages">
          <Link to="/overview" className={styles['brand'] ?? ''}>
            <Mark />
            Sluice
          </Link>
          {NAVIGATION.map(({ group, pages }) => (
            <section key={group} className={styles['group']}>
              <h2>{group}</h2>
              <ul>
                {pages.map(({ to, name }) => (
                  <li key={to}>
                    <Link to={to} className={styles['link'] ?? ''} activeProps={{ 'aria-current': 'page' }}>
                      {name}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          ))}
          <section className={styles['group']}>
            <h2>Elsewhere</h2>
            <ul>
              <li>
                <a className={styles['link']} href="/admin/queues" target="_blank" rel="noreferrer">
                  Bull Board ↗
                </a>
              </li>
              <li>
                <a className={styles['link']} href="/docs" target="_blank" rel="noreferrer">
                  API reference ↗
                </a>
              </li>
            </ul>
          </section>
          <Who />
        </nav>
        <main id="page" ref={main} className={styles['page']} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </ZoneContext>
  );
}

function Who() {
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const { mutate } = useMutation({
    mutationFn: signOut,
    onSettled: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  if (session === undefined || session === null) return null;
  return (
    <p className={styles['who']}>
      {session.name} · {session.role}
      {session.tenant !== 'default' && ` · ${session.tenant}`}
      {session.keyId !== null && (
        <button type="button" className={styles['out']} onClick={() => mutate()}>
          Sign out
        </button>
      )}
    </p>
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const colorScheme = useComputedColorScheme('light');
  const next = colorScheme === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" className={styles['toggle']} onClick={() => setColorScheme(next)}>
      {colorScheme === 'dark' ? 'Dark' : 'Light'}
      <span className="visually-hidden">; change to {next}</span>
    </button>
  );
}

/** The gate between two posts, and the water under it. */
function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 1v18M18 1v18" stroke="currentColor" strokeWidth="2" />
      <path d="M5 1h10v9H5z" className={styles['gate']} />
      <path d="M4 14.5h12M4 17.5h12" stroke="currentColor" strokeWidth="1.25" />
    </svg>
  );
}
