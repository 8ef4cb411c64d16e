import type { EventDetail, NormalizedItem } from '@sluice/contracts/api';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { formatBytes, plural } from '../../ui/numbers.ts';
import { countUnmapped, createUnmappedTest, toOrigins } from './lineage.ts';
import { LineageTable } from './lineage-table.tsx';
import styles from './payload.module.css';
import { toLines } from './text-lines.ts';
import { TextView } from './text-view.tsx';

/** Shows the payload beside the record. The chosen field and the place that it came from are marked, and joined by a line. */
export function LineageView({
  raw,
  normalized,
  field,
  onField,
}: {
  readonly raw: NonNullable<EventDetail['raw']>;
  readonly normalized: NormalizedItem | null;
  readonly field: string | null;
  readonly onField: (name: string | null) => void;
}) {
  const lines = useMemo(() => toLines(raw.payload), [raw.payload]);
  const origins = useMemo(
    () => (normalized === null ? [] : toOrigins(normalized, raw.payload)),
    [normalized, raw.payload],
  );
  const isUnmapped = useMemo(() => createUnmappedTest(origins), [origins]);
  const unmapped = useMemo(() => countUnmapped(raw.payload, isUnmapped), [raw.payload, isUnmapped]);
  const marked = origins.find(({ name }) => name === field)?.from ?? null;
  const both = useRef<HTMLDivElement>(null);
  const joint = useJoint(both, marked === null ? null : `${field}`);
  const pick = (pointer: string) => {
    const origin = origins.find(({ from }) => from === pointer);
    if (origin !== undefined) onField(origin.name === field ? null : origin.name);
  };
  return (
    <div ref={both} className={styles['both']}>
      <section aria-label="Raw, as received">
        <h3>
          Raw, as received{' '}
          <span>
            {formatBytes(raw.sizeBytes)} · {raw.contentType}
            {normalized !== null && unmapped > 0 && ` · ${plural(unmapped, 'value')} not mapped`}
          </span>
        </h3>
        <TextView
          label="Raw payload"
          lines={lines}
          marked={marked}
          {...(normalized === null ? {} : { isDim: isUnmapped, onPick: pick })}
        />
      </section>
      <section aria-label="Record">
        <h3>
          Record{' '}
          {normalized !== null && (
            <span>
              type {normalized.type} ·{' '}
              {normalized.mappingRevision === null
                ? 'built-in rules'
                : `mapping revision ${normalized.mappingRevision}`}
            </span>
          )}
        </h3>
        {normalized === null ? (
          <p className={styles['none']}>No record was made of it.</p>
        ) : (
          <>
            <LineageTable origins={origins} chosen={field} onChoose={onField} />
            <Warnings warnings={normalized.warnings} />
          </>
        )}
      </section>
      {joint !== null && (
        <svg className={styles['joint']} aria-hidden="true">
          <path d={joint} />
        </svg>
      )}
    </div>
  );
}

function Warnings({ warnings }: Pick<NormalizedItem, 'warnings'>) {
  if (warnings.length === 0) return null;
  return (
    <ul className={styles['warnings']} aria-label="Warnings">
      {warnings.map(({ code, field, detail }) => (
        <li key={`${code} ${field ?? ''} ${detail}`}>
          {field !== undefined && <b>{field}: </b>}
          {detail} <code>{code}</code>
        </li>
      ))}
    </ul>
  );
}

/** Follows the line from the marked place to the chosen field; null where they do not stand beside one another. */
function useJoint(frame: React.RefObject<HTMLElement | null>, chosen: string | null): string | null {
  const [path, setPath] = useState<string | null>(null);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null || chosen === null) {
      setPath(null);
      return;
    }
    const measure = () => setPath(toJoint(element));
    const later = requestAnimationFrame(measure);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { capture: true, passive: true });
    return () => {
      cancelAnimationFrame(later);
      observer.disconnect();
      element.removeEventListener('scroll', measure, { capture: true });
    };
  }, [frame, chosen]);
  return path;
}

function toJoint(frame: HTMLElement): string | null {
  const [box, line, row] = ['section[tabindex]', '[data-marked="true"]', '[data-chosen="true"]'].map(
    (selector) => frame.querySelector(selector)?.getBoundingClientRect(),
  );
  const { left, top } = frame.getBoundingClientRect();
  if (box === undefined || line === undefined || row === undefined || row.left < box.right) return null;
  const from = { x: box.right - left, y: line.top + line.height / 2 };
  if (from.y < box.top || from.y > box.bottom) return null;
  const to = { x: row.left - left, y: row.top + row.height / 2 - top };
  const start = from.y - top;
  const middle = (from.x + to.x) / 2;
  return `M${from.x} ${start}C${middle} ${start} ${middle} ${to.y} ${to.x} ${to.y}`;
}
