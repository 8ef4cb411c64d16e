import type { SourceItem } from '@sluice/contracts/sources-api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { toFailure } from '../../data/failure.ts';
import { type Failure, send } from '../../data/http.ts';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { ChoiceField, SelectField, TextField } from '../../ui/field.tsx';
import { Section } from '../../ui/page.tsx';
import styles from './new-source.module.css';
import { EMPTY_DRAFT, SCHEMES, type SourceDraft, toSourceBody } from './source-draft.ts';

export type Kind = 'push' | 'poll';

/** Asks for a new source; the server checks it, and what it finds wrong stands at its field. */
export function NewSource({
  kind,
  onKind,
  onClose,
}: {
  readonly kind: Kind;
  readonly onKind: (kind: Kind) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const lack = useLack('operator');
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const create = useMutation({
    mutationFn: () => send<SourceItem>('POST', '/api/sources', toSourceBody(kind, draft)),
    async onSuccess({ id }) {
      await queries.invalidateQueries({ queryKey: ['rows', '/api/sources'] });
      await navigate({ to: '/sources/$id', params: { id } });
    },
  });
  const failure = toFailure(create.error);
  const form = { draft, failure, set: (change: Partial<SourceDraft>) => setDraft({ ...draft, ...change }) };
  return (
    <Section title="A new source">
      <form
        className={styles['form']}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <ChoiceField
          label="How its events reach us"
          name="kind"
          value={kind}
          choices={[
            ['push', 'it sends them to an address of ours (webhook)'],
            ['poll', 'we fetch them from it on a schedule'],
          ]}
          onChange={onKind}
        />
        <div className={styles['columns']}>
          <TextField
            label="Name; letters, digits, _ . -"
            value={draft.id}
            maxLength={64}
            problem={toProblem(failure, '/id')}
            onChange={(id) => form.set({ id })}
          />
          {kind === 'push' ? <PushFields {...form} /> : <PollFields {...form} />}
        </div>
        <Problems failure={failure} />
        <div className={styles['actions']}>
          <Action type="submit" weight="primary" busy={create.isPending} reason={lack}>
            Add the source
          </Action>
          <Action weight="quiet" onClick={onClose}>
            Close
          </Action>
        </div>
      </form>
    </Section>
  );
}

type FormProps = {
  readonly draft: SourceDraft;
  readonly failure: Failure | null;
  readonly set: (change: Partial<SourceDraft>) => void;
};

function PushFields({ draft, failure, set }: FormProps) {
  const { scheme } = draft;
  return (
    <>
      <SelectField
        label="Its requests are signed by"
        value={scheme}
        choices={SCHEMES}
        onChange={(chosen) =>
          set({ scheme: chosen, header: chosen === 'api-key' ? 'x-api-key' : 'x-signature' })
        }
      />
      {(scheme === 'hmac' || scheme === 'api-key') && (
        <TextField
          label="Header"
          value={draft.header}
          problem={toProblem(failure, '/scheme/header')}
          onChange={(header) => set({ header })}
        />
      )}
      {scheme === 'hmac' && (
        <TextField
          label="Before the signature stands"
          value={draft.prefix}
          problem={toProblem(failure, '/scheme/prefix')}
          onChange={(prefix) => set({ prefix })}
        />
      )}
      {scheme !== 'none' && (
        <TextField
          label={scheme === 'basic' ? 'user:password' : 'Secret; it is encrypted and never shown again'}
          value={draft.secret}
          problem={toProblem(failure, '/secrets')}
          onChange={(secret) => set({ secret })}
        />
      )}
      <TextField
        label="Events a second at most; empty: no limit"
        inputMode="decimal"
        value={draft.perSecond}
        problem={toProblem(failure, '/rateLimit')}
        onChange={(perSecond) => set({ perSecond })}
      />
      <SelectField
        label="Its requests hold"
        value={draft.bodies}
        choices={[
          ['json', 'JSON'],
          ['json form', 'JSON or HTML forms'],
          ['json form text', 'anything'],
        ]}
        onChange={(bodies) => set({ bodies })}
      />
    </>
  );
}

function PollFields({ draft, failure, set }: FormProps) {
  const { cursor, auth } = draft;
  const field = (name: keyof SourceDraft, label: string, pointer: string, placeholder?: string) => (
    <TextField
      label={label}
      value={draft[name]}
      problem={toProblem(failure, pointer)}
      onChange={(value) => set({ [name]: value })}
      {...(placeholder === undefined ? {} : { placeholder })}
    />
  );
  return (
    <>
      {field('url', 'Address', '/url', 'https://erp.example.com/orders')}
      {field('schedule', 'Schedule: cron with seconds, UTC', '/schedule')}
      <SelectField
        label="Its answers are"
        value={draft.format}
        choices={[
          ['json', 'JSON'],
          ['ndjson', 'NDJSON'],
          ['csv', 'CSV'],
        ]}
        onChange={(format) => set({ format })}
      />
      {draft.format === 'json' &&
        field('recordsPath', 'Path of the records; empty: the answer', '/recordsPath', 'data.items')}
      {field('idPath', "Path of a record's id", '/idPath')}
      <SelectField
        label="The next records are asked for by"
        value={cursor}
        choices={[
          ['timestamp', 'time of the last change'],
          ['id', 'highest id'],
          ['page', 'page number'],
          ['link', 'link to the next page'],
        ]}
        onChange={(chosen) => set({ cursor: chosen, param: PARAMS[chosen] ?? '', path: PATHS[chosen] ?? '' })}
      />
      {cursor !== 'link' && field('param', 'Query parameter that carries it', '/cursor/param')}
      {cursor !== 'page' && field('path', CURSOR_PATHS[cursor] ?? 'Path', '/cursor/path')}
      <SelectField
        label="To be let in we send"
        value={auth}
        choices={[
          ['none', 'nothing'],
          ['bearer', 'a bearer token'],
          ['header', 'a key in a header'],
          ['basic', 'user and password (Basic)'],
        ]}
        onChange={(chosen) => set({ auth: chosen, ...(chosen === 'header' ? { header: 'x-api-key' } : {}) })}
      />
      {auth === 'header' && field('header', 'Header', '/auth/header')}
      {auth === 'basic' && field('username', 'User', '/auth/username')}
      {auth !== 'none' && field('secret', 'Secret; it is encrypted and never shown again', '/auth/secret')}
      <SelectField
        label="Private and loopback addresses"
        value={draft.allowPrivate}
        choices={[
          ['no', 'are refused'],
          ['yes', 'are allowed for this source'],
        ]}
        onChange={(allowPrivate) => set({ allowPrivate })}
      />
    </>
  );
}

const PARAMS: Readonly<Record<string, string>> = { timestamp: 'since', id: 'after', page: 'page' };
const PATHS: Readonly<Record<string, string>> = { timestamp: 'updated_at', id: 'id', link: '' };
const CURSOR_PATHS: Readonly<Record<string, string>> = {
  timestamp: "Path of a record's time",
  id: "Path of a record's id",
  link: 'Path of the link; empty: the Link header',
};

/** The pointers that have a field of their own; what else is wrong stands below the form. */
const SHOWN = [
  ...[
    '/id',
    '/scheme/header',
    '/scheme/prefix',
    '/secrets',
    '/rateLimit',
    '/url',
    '/schedule',
    '/recordsPath',
  ],
  ...['/idPath', '/cursor/param', '/cursor/path', '/auth/header', '/auth/username', '/auth/secret'],
];

function toProblem(failure: Failure | null, pointer: string): string | undefined {
  const found = failure?.errors.find((error) => isAt(error.pointer, pointer));
  return found?.detail;
}

function isAt(pointer: string, place: string): boolean {
  return pointer === place || pointer.startsWith(`${place}/`);
}

function Problems({ failure }: { readonly failure: Failure | null }) {
  if (failure === null) return null;
  const others = failure.errors.filter(({ pointer }) => !SHOWN.some((place) => isAt(pointer, place)));
  return (
    <div role="alert" className={styles['problems']}>
      {failure.errors.length === 0 || others.length > 0 ? (
        <p>{failure.errors.length === 0 ? failure.message : 'It was not added:'}</p>
      ) : (
        <p>It was not added: see the fields above.</p>
      )}
      {others.length > 0 && (
        <ul>
          {others.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <code>{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
