import { useMemo } from 'react';
import { findJsonFault } from '../../data/json-fault.ts';
import styles from './payload.module.css';
import { toTextLines } from './text-lines.ts';
import { TextView } from './text-view.tsx';

/** Shows a body that is no JSON as the text that it is, and where it stops being JSON. */
export function RawText({ text }: { readonly text: string }) {
  const lines = useMemo(() => toTextLines(text), [text]);
  const fault = useMemo(() => findJsonFault(text), [text]);
  return (
    <>
      {fault !== null && (
        <p className={styles['fault']}>
          Not JSON from line {fault.line}, column {fault.column} on: {fault.message}
        </p>
      )}
      <TextView label="Raw payload" lines={lines} markedLine={fault === null ? -1 : fault.line - 1} />
    </>
  );
}
