import { useLiveState, usePause } from '../data/live-context.ts';
import { ConnectionWord } from './connection-word.tsx';
import { useEnvironment } from './environment.ts';
import { useKeyProps } from './key-map.ts';
import { useSetting } from './preferences.ts';
import { useScheme } from './scheme.ts';
import { SignalStrip } from './signal-strip.tsx';
import styles from './top-bar.module.css';

/** The bar above every page: how the last hour went, where one is, how old the page is, and what concerns all pages. */
export function TopBar({
  isMenuOpen,
  onMenu,
  onPalette,
  onHelp,
}: {
  readonly isMenuOpen: boolean;
  readonly onMenu: () => void;
  readonly onPalette: () => void;
  readonly onHelp: () => void;
}) {
  const environment = useEnvironment();
  const isStale = useLiveState().connection === 'stale';
  return (
    <header className={styles['top']}>
      <button
        type="button"
        className={`${styles['button']} ${styles['menu']}`}
        aria-expanded={isMenuOpen}
        aria-controls="navigation"
        onClick={onMenu}
      >
        Menu
      </button>
      <span className={styles['strip']} data-stale={isStale}>
        <SignalStrip />
      </span>
      <span className={styles['environment']} title="The name of this environment; change it in Settings">
        {environment}
      </span>
      <span className={styles['spacer']} />
      <button
        type="button"
        className={`${styles['button']} ${styles['find']}`}
        aria-keyshortcuts="Control+K Meta+K"
        aria-haspopup="dialog"
        onClick={onPalette}
      >
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          <circle cx="5" cy="5" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="m8 8 3.25 3.25" stroke="currentColor" strokeWidth="1.5" />
        </svg>
        <span className={styles['find-words']}>
          Find or do <span aria-hidden="true">{isApple() ? '⌘ K' : 'Ctrl K'}</span>
        </span>
      </button>
      <ConnectionWord />
      <PauseButton />
      <ZoneButton />
      <SchemeButton />
      <HelpButton onHelp={onHelp} />
    </header>
  );
}

function PauseButton() {
  const [isPaused, toggle] = usePause();
  const keyProps = useKeyProps('p');
  return (
    <button
      type="button"
      {...keyProps}
      className={`${styles['button']} ${styles['square']}`}
      aria-label={isPaused ? 'Let the page go on' : 'Pause the page'}
      title={isPaused ? 'Let the page go on' : 'Pause the page'}
      onClick={toggle}
    >
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {isPaused ? (
          <path d="M2 1v8l7-4z" fill="currentColor" />
        ) : (
          <path d="M2 1h2v8H2zM6 1h2v8H6z" fill="currentColor" />
        )}
      </svg>
    </button>
  );
}

function ZoneButton() {
  const [zone, setZone] = useSetting('zone');
  const keyProps = useKeyProps('u');
  return (
    <button
      type="button"
      {...keyProps}
      className={styles['button']}
      aria-label={`Times are in ${zone === 'utc' ? 'UTC' : 'local time'}; change`}
      onClick={() => setZone(zone === 'utc' ? 'local' : 'utc')}
    >
      {zone === 'utc' ? 'UTC' : 'Local'}
    </button>
  );
}

function SchemeButton() {
  const { shown, toggle } = useScheme();
  return (
    <button type="button" className={`${styles['button']} ${styles['wide']}`} onClick={toggle}>
      {shown === 'dark' ? 'Dark' : 'Light'}
      <span className="visually-hidden">; change to {shown === 'dark' ? 'light' : 'dark'}</span>
    </button>
  );
}

function HelpButton({ onHelp }: { readonly onHelp: () => void }) {
  const keyProps = useKeyProps('?');
  return (
    <button
      type="button"
      {...keyProps}
      className={`${styles['button']} ${styles['square']} ${styles['wide']}`}
      aria-label="Keys"
      title="Keys"
      onClick={onHelp}
    >
      ?
    </button>
  );
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
