import type { EventDetail, RawItem } from '@sluice/contracts/api';
import type { JsonValue } from '@sluice/contracts/json';
import type { DryRun as Result } from '@sluice/contracts/sources-api';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Failure, read, sendDryRun } from '../../data/http.ts';
import type { Page } from '../../data/use-live-rows.ts';
import { Action } from '../../ui/action.tsx';
import { Problem } from '../../ui/field.tsx';
import { Loading } from '../../ui/states.tsx';
import { DryRunResult } from './dry-run-result.tsx';
import styles from './mappings.module.css';
import { toPointed } from './pointed.ts';

const JsonEditor = lazy(() => import('../../ui/json-editor.tsx'));

/** What is tried: a revision that is stored, or a mapping that is only typed so far, as JSON. */
export type Tried =
  | { readonly source: string; readonly revision: number }
  | { readonly source: string; readonly mapping: string };

/** Tries a mapping on one payload: the newest stored event's, or a pasted one; nothing is written. */
export function DryRun({ tried }: { readonly tried: Tried }) {
  const [sample, setSample] = useState({ text: '{\n}', turn: 0 });
  const [text, setText] = useState(sample.text);
  const run = useMutation({
    mutationFn: () => {
      const what = 'mapping' in tried ? `"mapping":${tried.mapping}` : JSON.stringify(tried).slice(1, -1);
      return sendDryRun<Result>('/api/mappings/dry-run', `{${what},"payload":${text}}`);
    },
  });
  const take = useMutation({
    mutationFn: () => readNewestPayload(tried.source),
    onSuccess(payload) {
      const taken = JSON.stringify(payload, null, 2);
      setText(taken);
      setSample(({ turn }) => ({ text: taken, turn: turn + 1 }));
    },
  });
  const isJson = isValidJson(text);
  return (
    <div className={styles['dry']}>
      <Suspense fallback={<Loading rows={6} label="Loading the editor" />}>
        <JsonEditor key={sample.turn} label="Payload to try" initial={sample.text} onChange={setText} />
      </Suspense>
      <div className={styles['actions']}>
        <Action
          weight="primary"
          busy={run.isPending}
          reason={isJson ? undefined : 'it is not valid JSON'}
          onClick={() => run.mutate()}
        >
          Try it
        </Action>
        <Action busy={take.isPending} onClick={() => take.mutate()}>
          Take the newest event's payload
        </Action>
      </div>
      <Problem error={take.error} />
      {run.error !== null && <Problem error={toPointed(run.error)} />}
      {run.data !== undefined && <DryRunResult result={run.data} />}
    </div>
  );
}

async function readNewestPayload(source: string): Promise<JsonValue> {
  const { items } = await read<Page<RawItem>>('/api/events/raw', { source, limit: 1 });
  const [newest] = items;
  if (newest === undefined) throw new Failure('No event of it is stored: paste a payload.', { status: 0 });
  const { raw } = await read<EventDetail>(`/api/events/${newest.id}`);
  if (raw === null || raw.payloadNote !== null) {
    throw new Failure(raw?.payloadNote ?? 'Its payload cannot be shown: paste one.', { status: 0 });
  }
  return raw.payload;
}

/** Tells whether a text is JSON. */
export function isValidJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
