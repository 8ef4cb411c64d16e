import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useState } from 'react';
import { useLack } from '../../data/may.ts';
import { Action } from '../../ui/action.tsx';
import { JsonBlock } from '../../ui/json-block.tsx';
import { Time } from '../../ui/time.tsx';
import { ActivateDialog, toTitle } from './activate-dialog.tsx';
import { Compare } from './compare.tsx';
import { DryRun } from './dry-run.tsx';
import styles from './mappings.module.css';
import { RetireDialog } from './retire-dialog.tsx';
import { Trial } from './trial.tsx';

const VIEWS = [
  ['rules', 'Rules'],
  ['compare', 'Compare'],
  ['payload', 'Try a payload'],
  ['stored', 'Try stored events'],
] as const;

/** Shows one revision of a mapping, and what can be done with it. */
export function Revision({
  revision: shown,
  revisions,
  active,
  isOfFile,
}: {
  readonly revision: RevisionAnswer;
  readonly revisions: readonly RevisionAnswer[];
  readonly active: RevisionAnswer | undefined;
  /** Only the sources file makes another revision active. */
  readonly isOfFile: boolean;
}) {
  const lack = useLack('operator');
  const [view, setView] = useState<(typeof VIEWS)[number][0]>('rules');
  const [asked, setAsked] = useState<'activate' | 'retire' | null>(null);
  const { source, revision, state } = shown;
  return (
    <div className={styles['revision']}>
      <header>
        <History shown={shown} />
        <Action
          reason={lack ?? (isOfFile ? 'the sources file alone decides' : undefined)}
          onClick={() => setAsked(state === 'active' ? 'retire' : 'activate')}
        >
          {state === 'active' ? `Retire revision ${revision}…` : `${toTitle(shown)}…`}
        </Action>
      </header>
      <ActivateDialog
        revision={shown}
        active={active}
        opened={asked === 'activate'}
        onClose={() => setAsked(null)}
      />
      <RetireDialog revision={shown} opened={asked === 'retire'} onClose={() => setAsked(null)} />
      <fieldset className={styles['views']} aria-label="What is shown of it">
        {VIEWS.map(([key, name]) => (
          <button key={key} type="button" aria-pressed={view === key} onClick={() => setView(key)}>
            {name}
          </button>
        ))}
      </fieldset>
      {view === 'rules' && <JsonBlock label={`Revision ${revision}`} value={shown.mapping} />}
      {view === 'compare' && <Compare shown={shown} revisions={revisions} />}
      {view === 'payload' && <DryRun tried={{ source, revision }} />}
      {view === 'stored' && <Trial revision={shown} />}
    </div>
  );
}

function History({ shown }: { readonly shown: RevisionAnswer }) {
  const { state, createdAt, createdBy, activatedAt, activatedBy, retiredAt, forced, trial } = shown;
  return (
    <p>
      {state === 'draft' && <b>Not used until it is activated. </b>}
      Sent <Time at={createdAt} withDate /> by {createdBy ?? 'the sources file'}.
      {activatedAt !== null && (
        <>
          {' '}
          Active from <Time at={activatedAt} withDate />
          {activatedBy !== null && ` by ${activatedBy}`}
          {retiredAt !== null && (
            <>
              {' '}
              until <Time at={retiredAt} withDate />
            </>
          )}
          .
        </>
      )}
      {forced !== null && ` Activated untried, because: ${forced.reason}`}
      {trial !== null &&
        ` Last tried on ${trial.tried} events: ${trial.failed} fail, ${trial.changed} differ.`}
    </p>
  );
}
