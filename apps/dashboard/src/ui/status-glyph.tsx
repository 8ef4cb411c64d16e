import styles from './status-glyph.module.css';

/** What an event, or a request that became none, can be; a glyph, a word and a hue for each. */
export type Mark = 'pending' | 'processing' | 'normalized' | 'duplicate' | 'failed' | 'dead' | 'rejected';

/** The word for each, as every page says it. */
const WORDS: Readonly<Record<Mark, string>> = {
  pending: 'Pending',
  processing: 'Processing',
  normalized: 'Normalized',
  duplicate: 'Duplicate',
  failed: 'Failed, will retry',
  dead: 'Dead',
  rejected: 'Rejected',
};

/** Draws the sign of a state; alone it says nothing to a screen reader, so its word stands beside it. */
function StatusGlyph({ mark, size = 12 }: { readonly mark: Mark; readonly size?: number }) {
  return (
    <svg
      className={`${styles['glyph']} ${styles[mark]}`}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[mark]}
    </svg>
  );
}

const SHAPES: Readonly<Record<Mark, React.ReactNode>> = {
  pending: <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  processing: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 1.75a4.25 4.25 0 0 1 0 8.5z" fill="currentColor" />
    </>
  ),
  normalized: (
    <>
      <circle cx="6" cy="6" r="5.25" fill="currentColor" />
      <path d="M3.4 6.2 5.3 8 8.7 4.3" fill="none" stroke="var(--surface)" strokeWidth="1.5" />
    </>
  ),
  duplicate: (
    <>
      <rect x="1" y="1" width="7" height="7" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <rect
        x="4.2"
        y="4.2"
        width="6.8"
        height="6.8"
        fill="var(--surface)"
        stroke="currentColor"
        strokeWidth="1.4"
      />
    </>
  ),
  failed: <path d="M6 1 11.4 10.6H.6z" fill="currentColor" />,
  dead: (
    <>
      <path d="M3.3.6h5.4L11.4 6 8.7 11.4H3.3L.6 6z" fill="currentColor" />
      <path d="m4.3 4.3 3.4 3.4m0-3.4L4.3 7.7" stroke="var(--surface)" strokeWidth="1.3" />
    </>
  ),
  rejected: (
    <>
      <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M2.7 9.3 9.3 2.7" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
};

/** Shows a state as glyph and word; `children` replace the word where more is known, like "Failed, retry 3/5 in 4 s". */
export function Status({ mark, children }: { readonly mark: Mark; readonly children?: React.ReactNode }) {
  return (
    <span className={`${styles['status']} ${styles[mark]}`}>
      <StatusGlyph mark={mark} />
      <span>{children ?? WORDS[mark]}</span>
    </span>
  );
}
