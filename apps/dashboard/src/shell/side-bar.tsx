import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sessionQuery } from '../data/session.ts';
import { NAVIGATION } from './navigation.ts';
import styles from './shell.module.css';
import { useSignOut } from './sign-out.ts';

/** The pages by group, what else there is, and who is signed in. */
export function SideBar() {
  return (
    <nav id="navigation" className={styles['side']} aria-label="Pages">
      <Link to="/overview" className={styles['brand'] ?? ''}>
        <Mark />
        Sluice
      </Link>
      {NAVIGATION.map(({ group, pages }) => (
        <section key={group} className={styles['group']}>
          <h2>{group}</h2>
          <ul>
            {pages.map(({ to, name, key }) => (
              <li key={to}>
                <Link
                  to={to}
                  className={styles['link'] ?? ''}
                  activeProps={{ 'aria-current': 'page' }}
                  data-go={key}
                >
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
  );
}

function Who() {
  const { data: session } = useQuery(sessionQuery);
  const signOut = useSignOut();
  if (session === undefined || session === null) return null;
  return (
    <p className={styles['who']}>
      {session.name} · {session.role}
      {session.tenant !== 'default' && ` · ${session.tenant}`}
      {signOut !== null && (
        <button type="button" className={styles['out']} onClick={signOut}>
          Sign out
        </button>
      )}
    </p>
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
