import type { JsonValue } from '@sluice/contracts/json';
import styles from './json-block.module.css';

/** Shows a small JSON value, such as a declaration, as text; what can be large has a view of its own. */
export function JsonBlock({ label, value }: { readonly label: string; readonly value: JsonValue }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also without a mouse
    <section className={styles['block']} aria-label={label} tabIndex={0}>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </section>
  );
}
