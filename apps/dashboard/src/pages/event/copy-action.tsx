import { useEffect, useState } from 'react';
import { Action } from '../../ui/action.tsx';

/** How long "Copied" is shown, in ms. */
const SHOWN_MS = 1500;

/** A button that copies a text. */
export function CopyAction({
  value,
  children,
}: {
  /** Null = there is nothing to copy. */
  readonly value: string | null;
  readonly children: string;
}) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <Action
      {...(value === null ? { reason: '' } : {})}
      onClick={() => void navigator.clipboard.writeText(value ?? '').then(() => setCopied(true))}
    >
      {isCopied ? 'Copied' : children}
    </Action>
  );
}
