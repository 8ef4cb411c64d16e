import type { AuditItem } from '@sluice/contracts/audit';
import type { JsonValue } from '@sluice/contracts/json';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Action } from '../../ui/action.tsx';
import type { Column } from '../../ui/column.ts';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { JsonBlock } from '../../ui/json-block.tsx';
import { LiveTable } from '../../ui/live-table.tsx';
import { Facts, PageHead, Section } from '../../ui/page.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const COLUMNS: readonly Column<AuditItem>[] = [
  { key: 'at', name: 'Time', width: '176px', from: 600, render: ({ at }) => <Time at={at} withDate /> },
  { key: 'when', name: 'Time', width: '84px', until: 600, render: ({ at }) => <Time at={at} /> },
  { key: 'actor', name: 'Who', width: '128px', render: ({ actor }) => actor.name },
  { key: 'action', name: 'What', width: '200px', render: toDeed },
  {
    key: 'path',
    name: 'Request',
    from: 900,
    render: ({ method, path }) => <code>{`${method} ${path}`}</code>,
  },
  { key: 'reason', name: 'Why', from: 1200, render: ({ reason }) => reason ?? '' },
  {
    key: 'status',
    name: 'Answer',
    width: '72px',
    align: 'right',
    from: 600,
    render: ({ status }) => status ?? '',
  },
];

const FILTERS = [
  { name: 'actor', label: 'Who', example: 'maria' },
  { name: 'action', label: 'What', example: 'createReplay' },
  { name: 'from', label: 'From', example: '2026-11-21T00:00:00Z' },
  { name: 'to', label: 'Until', example: '2026-11-22' },
] as const;

/** Answers: who did what, when, and why. */
export function Audit() {
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<AuditItem | null>(null);
  return (
    <>
      <PageHead title="Audit" />
      <FilterBar
        fields={FILTERS}
        values={search}
        onFilter={(values) => void navigate({ to: '/audit', search: values })}
      />
      <LiveTable<AuditItem>
        label="Audited calls"
        path="/api/audit"
        query={search}
        columns={COLUMNS}
        onOpen={setChosen}
        empty={
          Object.keys(search).length === 0 ? (
            <Empty title="Nothing was changed yet">Every call that changes something is listed here.</Empty>
          ) : (
            <Empty
              title="No call matches the filter"
              action={
                <Action onClick={() => void navigate({ to: '/audit', search: {} })}>Clear the filter</Action>
              }
            />
          )
        }
      />
      {chosen !== null && (
        <Section title={toDeed(chosen)} aside={chosen.requestId} shows={chosen.id}>
          <Facts
            facts={[
              ['When', <Time key="at" at={chosen.at} withDate />],
              ['Who', `${chosen.actor.name}, ${chosen.actor.role ?? 'not signed in'}`],
              ['From', chosen.remote],
              ['Answer', `${chosen.status ?? 'none'}${chosen.code === null ? '' : `, ${chosen.code}`}`],
              ['Why', chosen.reason ?? 'no reason was given'],
            ]}
          />
          <JsonBlock label="What was sent" value={{ params: chosen.params, body: toBody(chosen.changes) }} />
        </Section>
      )}
    </>
  );
}

/** What was done: who only asked what an operation would touch did not start it. */
function toDeed(item: AuditItem): string {
  return isPlan(item) ? `${item.action}, plan only` : item.action;
}

/** Actions that answer 200 with their plan when they are asked for that, and 202 when something begins. */
const PLANNED = ['createReplay', 'createDiscard'];

function isPlan({ action, changes, status }: AuditItem): boolean {
  if (!PLANNED.includes(action)) return false;
  // A long filter may have been cut together with what came after it.
  if (status === 200) return true;
  const body = toBody(changes);
  return typeof body === 'object' && body !== null && 'dryRun' in body && body.dryRun === true;
}

/** The body as it was, or as text where it was cut. */
function toBody(changes: string | null): JsonValue {
  if (changes === null) return null;
  try {
    return JSON.parse(changes) as JsonValue;
  } catch {
    return changes;
  }
}
