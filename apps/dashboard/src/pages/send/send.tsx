import type { DryRun } from '@sluice/contracts/sources-api';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Failure, send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { PageHead, Section } from '../../ui/page.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { Preview } from './preview.tsx';
import { Result } from './result.tsx';
import styles from './send.module.css';
import { type Draft, EXAMPLE, findFault, type Simulated, sendDraft, toSimulated } from './submission.ts';

const JsonEditor = lazy(() => import('../../ui/json-editor.tsx'));

/** Answers: is my payload valid, what would become of it, and what does become of it. */
export function Send() {
  const [draft, setDraft] = useState<Draft>(EXAMPLE);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const fault = findFault(draft);
  const check = useMutation({
    mutationFn: ({ source, text }: Draft) =>
      send<DryRun>('POST', '/api/mappings/dry-run', { source, payload: JSON.parse(text) }),
  });
  const submit = useMutation({ mutationFn: sendDraft });
  return (
    <>
      <PageHead title="Send an event" />
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          submit.mutate(draft);
        }}
      >
        <div className={styles['fields']}>
          <Field label="Source" value={draft.source} onChange={(source) => change({ source })} />
          <Field label="Type, if you know it" value={draft.type} onChange={(type) => change({ type })} />
          <Field
            label="Idempotency key, else the content counts"
            value={draft.idempotencyKey}
            onChange={(idempotencyKey) => change({ idempotencyKey })}
          />
          <Field
            label="Schema version, else that of the source"
            value={draft.schemaVersion}
            onChange={(schemaVersion) => change({ schemaVersion })}
          />
          <label className={styles['field']}>
            <span>Simulate a failing database</span>
            <select
              value={draft.simulated}
              onChange={({ target }) => change({ simulated: toSimulated(target.value) })}
            >
              {SIMULATIONS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className={styles['payload']}>
          <span className={styles['label']}>Payload</span>
          <Suspense fallback={<Loading rows={7} label="Loading the editor" />}>
            <JsonEditor label="Payload" initial={EXAMPLE.text} onChange={(text) => change({ text })} />
          </Suspense>
          <p className={styles['fault']} role="status">
            {fault ?? ''}
          </p>
          <div className={styles['actions']}>
            <Action busy={check.isPending} reason={fault} onClick={() => check.mutate(draft)}>
              Check without sending
            </Action>
            <Action
              type="submit"
              weight="primary"
              busy={submit.isPending}
              reason={fault === undefined ? undefined : ''}
            >
              Send the event
            </Action>
          </div>
        </div>
      </form>
      {submit.error !== null && (
        <Failed what="The event was not accepted" failure={toFailure(submit.error)} />
      )}
      {submit.data !== undefined && (
        <Section title="What became of it">
          <Result key={submit.submittedAt} accepted={submit.data} />
        </Section>
      )}
      {check.error !== null && <Failed what="It could not be checked" failure={toFailure(check.error)} />}
      {check.data !== undefined && (
        <Section title="What it would become" aside="nothing was written">
          <Preview result={check.data} />
        </Section>
      )}
    </>
  );
}

const SIMULATIONS: readonly (readonly [Simulated, string])[] = [
  ['none', 'no'],
  ['1', 'the first attempt fails'],
  ['3', 'the first 3 attempts fail'],
  ['all', 'every attempt fails: the event dies'],
];

function Field({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className={styles['field']}>
      <span>{label}</span>
      <input value={value} spellCheck={false} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}

function toFailure(error: Error): Failure {
  return error instanceof Failure ? error : new Failure(error.message, { status: 0, cause: error });
}
