import styles from './go-hint.module.css';
import { PAGES } from './navigation.ts';

/** Shows which letter leads where, while one is awaited. */
export function GoHint() {
  return (
    <aside className={styles['hint']} aria-label="Letters of the pages">
      <b>Go to</b>
      {PAGES.map(({ key, name }) => (
        <span key={key}>
          <kbd>{key}</kbd> {name}
        </span>
      ))}
    </aside>
  );
}
