import type { RejectionItem } from '@sluice/contracts/api';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/column.ts';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { LiveTable } from '../../ui/live-table.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Status } from '../../ui/status-glyph.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './requests.module.css';

const COLUMNS: readonly Column<RejectionItem>[] = [
  { key: 'at', name: 'Time', width: '176px', render: ({ at }) => <Time at={at} withDate /> },
  {
    key: 'cause',
    name: 'Cause',
    width: '240px',
    render: ({ cause }) => <Status mark="rejected">{cause}</Status>,
  },
  { key: 'status', name: 'HTTP', width: '56px', align: 'right', from: 600, render: ({ status }) => status },
  { key: 'source', name: 'Source', width: '140px', from: 1200, render: ({ source }) => source ?? '' },
  { key: 'detail', name: 'What the sender was told', from: 600, render: ({ detail }) => detail },
];

const FILTERS = [
  { name: 'cause', label: 'Cause', example: 'signature-mismatch' },
  { name: 'source', label: 'Source', example: 'shop' },
] as const;

/** Answers: why was a request refused. */
export function Requests() {
  const search = useSearch({ from: '/shell/requests' });
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<RejectionItem | null>(null);
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      <PageHead title="Rejected requests" />
      <FilterBar
        fields={FILTERS}
        values={search}
        onFilter={(values) => void navigate({ to: '/requests', search: values })}
      />
      <LiveTable<RejectionItem>
        label="Rejected requests"
        path="/api/rejections"
        query={search}
        columns={COLUMNS}
        onOpen={setChosen}
        empty={
          isFiltered ? (
            <Empty
              title="No rejected request matches the filter"
              action={
                <Action onClick={() => void navigate({ to: '/requests', search: {} })}>
                  Clear the filter
                </Action>
              }
            />
          ) : (
            <Empty title="Every request was accepted">The newest refusals are kept, by cause.</Empty>
          )
        }
      />
      {chosen !== null && <Detail item={chosen} />}
    </>
  );
}

function Detail({ item }: { readonly item: RejectionItem }) {
  return (
    <Section title={`Refused: ${item.cause}`} aside={item.requestId} shows={item.id}>
      <Facts
        facts={[
          ['Request', <code key="r">{`${item.method} ${item.path}`}</code>],
          ['From', item.remote],
          ['Answer', `HTTP ${item.status}, ${item.code}`],
          [
            'How to mend it',
            <a key="m" href={`/docs/errors#${item.code}`} target="_blank" rel="noreferrer">
              {item.code}
            </a>,
          ],
        ]}
      />
      <h3 className={styles['title']}>Headers, credentials removed</h3>
      <pre className={styles['text']}>
        {Object.entries(item.headers)
          .map(([name, value]) => `${name}: ${value}`)
          .join('\n')}
      </pre>
      <h3 className={styles['title']}>
        First 4 KiB of the body{item.bodyEncoding === 'base64' && ', as base64'}
      </h3>
      <pre className={styles['text']}>{item.body === '' ? 'no body' : item.body}</pre>
    </Section>
  );
}
