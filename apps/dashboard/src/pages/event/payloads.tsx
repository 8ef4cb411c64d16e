import type { EventDetail, NormalizedItem } from '@sluice/contracts/api';
import { isJsonObject, type JsonValue } from '@sluice/contracts/json';
import { useState } from 'react';
import { formatBytes } from '../../ui/numbers.ts';
import { JsonLines } from './json-lines.tsx';
import styles from './payloads.module.css';

/** Shows what arrived beside what was made of it; pointing at a field marks the place that it came from. */
export function Payloads({ detail }: { readonly detail: EventDetail }) {
  const { raw, normalized } = detail;
  const [pointedAt, setPointedAt] = useState<string | null>(null);
  return (
    <div className={styles['both']}>
      <section aria-label="Raw, as received">
        <h3>
          Raw, as received{' '}
          {raw !== null && (
            <span>
              {formatBytes(raw.sizeBytes)} · {raw.contentType}
            </span>
          )}
        </h3>
        {raw === null ? (
          <p className={styles['none']}>It is not stored yet.</p>
        ) : raw.payloadNote === null ? (
          <JsonLines value={raw.payload} marked={pointedAt} />
        ) : (
          <p className={styles['none']}>{raw.payloadNote}</p>
        )}
      </section>
      <section aria-label="Record">
        <h3>Record {normalized !== null && <span>type {normalized.type}</span>}</h3>
        {normalized === null ? (
          <p className={styles['none']}>There is none.</p>
        ) : (
          <Fields record={normalized} pointedAt={pointedAt} onPoint={setPointedAt} />
        )}
      </section>
    </div>
  );
}

function Fields({
  record,
  pointedAt,
  onPoint,
}: {
  readonly record: NormalizedItem;
  readonly pointedAt: string | null;
  readonly onPoint: (path: string | null) => void;
}) {
  const { data, lineage, warnings } = record;
  const names = isJsonObject(data) ? Object.keys(data) : [];
  return (
    <>
      <table className={styles['fields']}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
            <th scope="col">How</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const origin = lineage[name];
            const path = origin?.from ?? null;
            return (
              <tr
                key={name}
                data-pointed={path !== null && path === pointedAt}
                onPointerEnter={() => onPoint(path)}
                onPointerLeave={() => onPoint(null)}
              >
                <th scope="row">{name}</th>
                <td>
                  <code>{toText(isJsonObject(data) ? data[name] : undefined)}</code>
                </td>
                <td>
                  {path === null ? (
                    <span className={styles['none']}>nowhere</span>
                  ) : (
                    <button type="button" onFocus={() => onPoint(path)} onBlur={() => onPoint(null)}>
                      {path}
                    </button>
                  )}
                </td>
                <td>{origin === undefined ? '' : (origin.conversion ?? origin.rule)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {warnings.length > 0 && (
        <ul className={styles['warnings']} aria-label="Warnings">
          {warnings.map(({ code, field, detail }) => (
            <li key={`${code} ${field ?? ''} ${detail}`}>
              <code>{code}</code> {field !== undefined && <b>{field}</b>} {detail}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function toText(value: JsonValue | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
