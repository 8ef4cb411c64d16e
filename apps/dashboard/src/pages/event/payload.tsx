import type { EventDetail, NormalizedItem } from '@sluice/contracts/api';
import type { JsonValue } from '@sluice/contracts/json';
import { useMemo, useState } from 'react';
import { JsonLines } from './json-lines.tsx';
import { LargePayload } from './large-payload.tsx';
import { toOrigins } from './lineage.ts';
import { LineageTable } from './lineage-table.tsx';
import { LineageView } from './lineage-view.tsx';
import styles from './payload.module.css';
import { RawText } from './raw-text.tsx';

const TABS = [
  ['side', 'Side by side'],
  ['lineage', 'Lineage table'],
  ['stored', 'Stored document'],
  ['headers', 'Headers'],
] as const;
type Tab = (typeof TABS)[number][0];

type Raw = NonNullable<EventDetail['raw']>;

/** Shows what arrived, what was made of it, and which came from where; a field that is chosen stands in the address. */
export function Payload({
  detail,
  field,
  onField,
}: {
  readonly detail: EventDetail;
  readonly field: string | null;
  readonly onField: (name: string | null) => void;
}) {
  const { raw, normalized } = detail;
  const [tab, setTab] = useState<Tab>('side');
  if (raw === null) return <p className={styles['none']}>It is not stored yet.</p>;
  return (
    <>
      <div className={styles['tabs']} role="tablist" aria-label="Payload">
        {TABS.map(([name, words]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="payload-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (by === undefined) return;
              const next = TABS[(TABS.findIndex(([one]) => one === tab) + by + TABS.length) % TABS.length];
              if (next === undefined) return;
              setTab(next[0]);
              document.getElementById(`tab-${next[0]}`)?.focus();
            }}
          >
            {words}
          </button>
        ))}
      </div>
      <div id="payload-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'side' && <Side raw={raw} normalized={normalized} field={field} onField={onField} />}
        {tab === 'lineage' &&
          (normalized === null ? (
            <NoRecord />
          ) : (
            <LineageTable origins={toOrigins(normalized, raw.payload)} chosen={field} onChoose={onField} />
          ))}
        {tab === 'stored' && (normalized === null ? <NoRecord /> : <Stored record={normalized} />)}
        {tab === 'headers' && <JsonLines label="Headers" value={raw.headers} />}
      </div>
    </>
  );
}

function Side({
  raw,
  normalized,
  field,
  onField,
}: {
  readonly raw: Raw;
  readonly normalized: NormalizedItem | null;
  readonly field: string | null;
  readonly onField: (name: string | null) => void;
}) {
  const isTooLarge = raw.payload === null && raw.payloadNote !== null;
  if (raw.payloadNote === null) {
    return <LineageView raw={raw} normalized={normalized} field={field} onField={onField} />;
  }
  return isTooLarge ? (
    <>
      <LargePayload id={raw.id} sizeBytes={raw.sizeBytes} />
      {normalized !== null && (
        <LineageTable origins={toOrigins(normalized, raw.payload)} chosen={field} onChoose={onField} />
      )}
    </>
  ) : (
    <>
      <p className={styles['note']}>{raw.payloadNote}</p>
      <RawText text={String(raw.payload)} />
    </>
  );
}

function NoRecord() {
  return <p className={styles['none']}>No record was made of it.</p>;
}

function Stored({ record }: { readonly record: NormalizedItem }) {
  const value = useMemo(() => {
    const { lineage: _lineage, ...stored } = record;
    return JSON.parse(JSON.stringify(stored)) as JsonValue;
  }, [record]);
  return <JsonLines label="Stored document" value={value} />;
}
