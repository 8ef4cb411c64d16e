import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { useMemo, useState } from 'react';
import { Action } from '../../ui/action.tsx';
import { formatCount } from '../../ui/numbers.ts';
import styles from './json-lines.module.css';

/** How many lines are shown at once: a payload can have a million. */
const STEP = 400;

/** How long a value may be on its line. */
const MAX_VALUE = 2000;

type Line = { readonly number: number; readonly depth: number; readonly text: string; readonly path: string };

/** Prints JSON as numbered lines of text, never as HTML; the line of the path `marked` is marked. */
export function JsonLines({ value, marked }: { readonly value: JsonValue; readonly marked: string | null }) {
  const [count, setCount] = useState(STEP);
  const lines = useMemo(() => toLines(value), [value]);
  return (
    <div className={styles['box']}>
      <ol className={styles['lines']}>
        {lines.slice(0, count).map(({ number, depth, text, path }) => (
          <li
            key={number}
            data-marked={marked !== null && path === marked}
            style={{ paddingLeft: `${depth * 2}ch` }}
          >
            {text}
          </li>
        ))}
      </ol>
      {lines.length > count && (
        <Action weight="quiet" onClick={() => setCount(count + STEP)}>
          {`Show ${formatCount(Math.min(STEP, lines.length - count))} more of ${formatCount(lines.length)} lines`}
        </Action>
      )}
    </div>
  );
}

/** Writes JSON line by line, each with the path of the value that begins on it. */
export function toLines(value: JsonValue): readonly Line[] {
  const lines: Line[] = [];
  walk(value, '', '', 0, '');
  return lines;

  function walk(node: JsonValue, path: string, name: string, depth: number, comma: string): void {
    const isArray = Array.isArray(node);
    if (!isArray && !isJsonObject(node)) {
      lines.push({
        number: lines.length + 1,
        depth,
        text: `${name}${cut(JSON.stringify(node))}${comma}`,
        path,
      });
      return;
    }
    const entries: readonly (readonly [string, JsonValue])[] = isArray
      ? node.map((item, index) => [String(index), item] as const)
      : Object.entries(node);
    const [open, close] = isArray ? ['[', ']'] : ['{', '}'];
    if (entries.length === 0) {
      lines.push({ number: lines.length + 1, depth, text: `${name}${open}${close}${comma}`, path });
      return;
    }
    lines.push({ number: lines.length + 1, depth, text: `${name}${open}`, path });
    entries.forEach(([key, item], index) => {
      const isLast = index === entries.length - 1;
      const below = path === '' ? key : `${path}.${key}`;
      walk(item, below, isArray ? '' : `${JSON.stringify(key)}: `, depth + 1, isLast ? '' : ',');
    });
    lines.push({ number: lines.length + 1, depth, text: `${close}${comma}`, path: '' });
  }
}

function cut(text: string): string {
  return text.length > MAX_VALUE
    ? `${text.slice(0, MAX_VALUE)}… (${formatCount(text.length)} characters)`
    : text;
}
