import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { TextLine } from './text-lines.ts';
import styles from './text-view.module.css';

const LINE_HEIGHT = 20;
const OVERSCAN = 12;

/**
 * Shows lines of text, never as HTML; however many there are, only those in view are in the page. The line whose pointer is
 * `marked` is marked and brought into view; those for which `isDim` is true stand back; `onPick` is told which value was chosen.
 */
export function TextView({
  label,
  lines,
  marked = null,
  markedLine = -1,
  isDim,
  onPick,
}: {
  readonly label: string;
  readonly lines: readonly TextLine[];
  readonly marked?: string | null;
  /** Marks a line by its index instead, like the one with a fault. */
  readonly markedLine?: number;
  readonly isDim?: (pointer: string) => boolean;
  readonly onPick?: (pointer: string) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: OVERSCAN,
  });
  const at = marked === null ? markedLine : lines.findIndex(({ pointer }) => pointer === marked);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }, [at, virtual]);
  const digits = String(lines.length).length;
  return (
    <section
      ref={scroller}
      className={styles['box']}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also without a mouse
      tabIndex={0}
    >
      <div className={styles['lines']} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const { depth, text, pointer } = line;
          const picks = onPick !== undefined && pointer !== null && pointer !== '';
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the table of fields does the same with keys
            <div
              key={index}
              className={styles['line']}
              data-marked={index === at}
              data-dim={pointer !== null && isDim?.(pointer) === true}
              data-picks={picks}
              style={{ transform: `translateY(${start}px)` }}
              onClick={picks ? () => onPick(pointer) : undefined}
            >
              <span className={styles['number']} style={{ width: `${digits + 2}ch` }} aria-hidden="true">
                {index + 1}
              </span>
              <bdi style={{ paddingLeft: `${Math.min(depth, 40) * 2}ch` }}>{text}</bdi>
            </div>
          );
        })}
      </div>
    </section>
  );
}
