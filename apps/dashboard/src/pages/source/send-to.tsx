import type { JsonValue } from '@sluice/contracts/json';
import { useState } from 'react';
import { Action } from '../../ui/action.tsx';
import { Copyable } from '../../ui/copyable.tsx';
import { toCurlLines } from './curl-line.ts';
import styles from './source.module.css';

/** Shows the address of a source that sends to us, and a command to try it. */
export function SendTo({ id, scheme }: { readonly id: string; readonly scheme: JsonValue | undefined }) {
  const [isCopied, setCopied] = useState(false);
  const url = `${location.origin}/hooks/${encodeURIComponent(id)}`;
  const lines = toCurlLines(location.origin, id, scheme);
  return (
    <div className={styles['send']}>
      <p>
        <b>POST</b> <Copyable value={url} name="the address" head={200} />
      </p>
      {lines === null ? (
        <p>Its signature takes more than a few lines of shell: send a test from the sender itself.</p>
      ) : (
        <div className={styles['curl']}>
          <pre>{lines}</pre>
          <Action
            onClick={() => {
              navigator.clipboard.writeText(lines).then(
                () => setCopied(true),
                () => setCopied(false),
              );
            }}
          >
            {isCopied ? 'Copied' : 'Copy the command'}
          </Action>
        </div>
      )}
    </div>
  );
}
