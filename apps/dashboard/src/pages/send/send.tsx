import type { EventDetail } from '@sluice/contracts/api';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Failure, read } from '../../data/http.ts';
import { sessionQuery } from '../../data/session.ts';
import { Action } from '../../ui/action.tsx';
import { Fields, SelectField, TextField } from '../../ui/field.tsx';
import { PageHead, Section } from '../../ui/page.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { Preview } from './preview.tsx';
import { Result } from './result.tsx';
import styles from './send.module.css';
import { checkDraft, type Draft, EXAMPLE, findFault, SIMULATIONS, sendDraft, toDraft } from './submission.ts';

const JsonEditor = lazy(() => import('../../ui/json-editor.tsx'));

/** Answers: is my payload valid, what would become of it, and what does become of it. */
export function Send() {
  const { from } = useSearch({ from: '/shell/send' });
  const { data, error, isPending } = useQuery({
    queryKey: ['event', from],
    queryFn: ({ signal }) => read<EventDetail>(`/api/events/${from}`, {}, signal),
    enabled: from !== undefined,
  });
  const raw = data?.raw;
  return (
    <>
      <PageHead title="Send an event" />
      {error !== null && (
        <Failed what="The event to send again could not be loaded" failure={toFailure(error)} />
      )}
      {from !== undefined && isPending ? (
        <Loading rows={8} label="Loading the event" />
      ) : (
        <Form initial={raw === undefined || raw === null ? EXAMPLE : toDraft(raw.source, raw.payload)} />
      )}
    </>
  );
}

function Form({ initial }: { readonly initial: Draft }) {
  const { data: session } = useQuery(sessionQuery);
  const [draft, setDraft] = useState<Draft>(initial);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const fault = findFault(draft);
  const check = useMutation({ mutationFn: checkDraft });
  const submit = useMutation({ mutationFn: sendDraft });
  const { reset } = check;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was found belongs to what was checked
  useEffect(reset, [draft]);
  return (
    <div className={styles['page']}>
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          submit.mutate(draft);
        }}
      >
        <Fields>
          <TextField label="Source" value={draft.source} onChange={(source) => change({ source })} />
          <TextField label="Type, if you know it" value={draft.type} onChange={(type) => change({ type })} />
          <TextField
            label="Idempotency key, else the content counts"
            value={draft.idempotencyKey}
            onChange={(idempotencyKey) => change({ idempotencyKey })}
          />
          <TextField
            label="Schema version, else that of the source"
            value={draft.schemaVersion}
            inputMode="numeric"
            onChange={(schemaVersion) => change({ schemaVersion })}
          />
          {session?.simulatesFailures === true && (
            <SelectField
              label="Simulate a failing database"
              value={draft.simulated}
              choices={SIMULATIONS}
              onChange={(simulated) => change({ simulated })}
            />
          )}
        </Fields>
        <div className={styles['payload']}>
          <span className={styles['label']}>Payload</span>
          <Suspense fallback={<Loading rows={7} label="Loading the editor" />}>
            <JsonEditor label="Payload" initial={initial.text} onChange={(text) => change({ text })} />
          </Suspense>
          <p className={styles['fault']} role="status">
            {fault ?? ''}
          </p>
          <div className={styles['actions']}>
            <Action
              busy={check.isPending}
              reason={fault === undefined ? undefined : ''}
              onClick={() => check.mutate(draft)}
            >
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
      <div className={styles['outcome']}>
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
      </div>
    </div>
  );
}

function toFailure(error: Error): Failure {
  return error instanceof Failure ? error : new Failure(error.message, { status: 0, cause: error });
}
