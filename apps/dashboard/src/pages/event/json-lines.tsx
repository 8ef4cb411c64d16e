import type { JsonValue } from '@sluice/contracts/json';
import { useMemo } from 'react';
import { toLines } from './text-lines.ts';
import { TextView } from './text-view.tsx';

/** Shows JSON as numbered lines of text, never as HTML; the line of the JSON pointer `marked` is marked. */
export function JsonLines({
  value,
  marked = null,
  label = 'JSON',
}: {
  readonly value: JsonValue;
  readonly marked?: string | null;
  readonly label?: string;
}) {
  const lines = useMemo(() => toLines(value), [value]);
  return <TextView label={label} lines={lines} marked={marked} />;
}
