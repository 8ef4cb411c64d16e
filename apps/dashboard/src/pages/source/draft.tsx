import type { JsonValue } from '@sluice/contracts/json';
import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { sendWritten } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { Problem } from '../../ui/field.tsx';
import { Loading } from '../../ui/states.tsx';
import { DryRun, isValidJson } from './dry-run.tsx';
import styles from './mappings.module.css';
import { toPointed } from './pointed.ts';

const JsonEditor = lazy(() => import('../../ui/json-editor.tsx'));

/** A mapping to begin with, where there is none. */
const FIRST: JsonValue = {
  type: 'metric',
  fields: {
    metric: { from: ['metric', 'name'], as: 'string', required: true },
    amount: { from: ['amount', 'value'], as: 'number' },
    timestamp: { from: ['timestamp', 'at'], as: 'date' },
  },
  dedupe: { fields: ['metric', 'amount', 'timestamp'] },
};

/** Writes a draft of a mapping; the server checks it, and it is not used until it is activated. */
export function Draft({
  sourceId,
  from,
  onSaved,
  onClose,
}: {
  readonly sourceId: string;
  /** What it begins with. */
  readonly from: RevisionAnswer | undefined;
  readonly onSaved: (revision: number) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const lack = useLack('operator');
  const [initial] = useState(() => JSON.stringify(from?.mapping ?? FIRST, null, 2));
  const [text, setText] = useState(initial);
  const [isTrying, setTrying] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      sendWritten<RevisionAnswer>('POST', `/api/sources/${encodeURIComponent(sourceId)}/mapping`, text),
    async onSuccess({ revision }) {
      await queries.invalidateQueries({ queryKey: ['mappings', sourceId] });
      onSaved(revision);
    },
  });
  const reason = lack ?? (isValidJson(text) ? undefined : 'it is not valid JSON');
  return (
    <div className={styles['dry']}>
      <p>
        {from === undefined ? 'A first draft.' : `A draft that begins with revision ${from.revision}.`} It is
        not used until it is activated.
      </p>
      <Suspense fallback={<Loading rows={8} label="Loading the editor" />}>
        <JsonEditor label="Mapping" initial={initial} onChange={setText} />
      </Suspense>
      {save.error !== null && <Problem error={toPointed(save.error)} />}
      <div className={styles['actions']}>
        <Action weight="primary" busy={save.isPending} reason={reason} onClick={() => save.mutate()}>
          Save the draft
        </Action>
        <Action onClick={() => setTrying(!isTrying)}>
          {isTrying ? 'Hide the trial' : 'Try it on a payload first'}
        </Action>
        <Action weight="quiet" onClick={onClose}>
          Close
        </Action>
      </div>
      {isTrying && isValidJson(text) && <DryRun tried={{ source: sourceId, mapping: text }} />}
    </div>
  );
}
