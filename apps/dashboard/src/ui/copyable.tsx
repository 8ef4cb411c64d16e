import { useEffect, useState } from 'react';
import styles from './copyable.module.css';

/** How long "Copied" is shown, in ms. */
const SHOWN_MS = 1500;

/** Shows an id or a hash, shortened in the middle, with a button that copies the whole of it. */
export function Copyable({
  value,
  name,
  head = 12,
}: {
  readonly value: string;
  /** What is copied, for screen readers, like "event id". */
  readonly name: string;
  /** How many characters of it are shown; all of them when it is not longer. */
  readonly head?: number;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <span className={styles['copyable']}>
      <code title={value}>{value.length > head + 1 ? `${value.slice(0, head)}…` : value}</code>
      <button
        type="button"
        aria-label={`Copy ${name}`}
        onClick={(click) => {
          click.stopPropagation();
          navigator.clipboard.writeText(value).then(
            () => setCopied(true),
            () => setCopied(false),
          );
        }}
      >
        {copied ? 'Copied' : 'Copy'}
      </button>
    </span>
  );
}
