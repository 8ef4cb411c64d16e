import type { FullSync } from '@sluice/contracts/full-sync';
import { DEFAULT_COMPARED_PER_SECOND } from '@sluice/contracts/full-sync-rate';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { fullSyncsQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { DialogFoot } from '../../ui/dialog.tsx';
import { ChoiceField, Fields, Problem, TextField } from '../../ui/field.tsx';

/** What a person can have done, each with what it may change. */
const CHOICES = [
  ['verify', 'Only compare, and change nothing'],
  ['copy', 'Copy what differs; delete nothing but 0.1 % of a collection'],
  ['deletes', 'Copy what differs, and delete all that only the backup has'],
] as const;
type Choice = (typeof CHOICES)[number][0];

/** Asks what a full sync shall do and why, and starts it. */
export function NewFullSync({
  isBlocked,
  onClose,
}: {
  /** The backup is of another dataset: only a full sync that adopts it can begin. */
  readonly isBlocked: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [choice, setChoice] = useState<Choice>(isBlocked ? 'copy' : 'verify');
  const [rate, setRate] = useState(`${DEFAULT_COMPARED_PER_SECOND}`);
  const [reason, setReason] = useState('');
  const start = useMutation({
    mutationFn: () =>
      send<FullSync>('POST', '/api/sync/full', {
        mode: choice === 'verify' ? 'verify' : 'copy',
        confirmDeletes: choice === 'deletes',
        adoptDataset: isBlocked,
        ratePerSecond: Number(rate),
        reason: reason.trim(),
      }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: fullSyncsQuery.queryKey });
      onClose();
    },
  });
  const isRate = /^[1-9]\d{1,6}$/.test(rate) && Number(rate) <= 1_000_000;
  const choices = isBlocked ? CHOICES.filter(([one]) => one !== 'verify') : CHOICES;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <Fields>
        {isBlocked && (
          <p>
            <b>The backup was made from another dataset.</b> From now on it belongs to this primary, and what
            it holds is overwritten where the two differ.
          </p>
        )}
        <ChoiceField
          label="What is to be done"
          name="full-sync"
          value={choice}
          choices={choices}
          onChange={setChoice}
        />
        <TextField
          label="Documents compared a second at most"
          inputMode="numeric"
          value={rate}
          isInvalid={!isRate}
          onChange={(text) => setRate(text.trim())}
        />
        <TextField
          label="Why, for the audit log"
          value={reason}
          maxLength={500}
          isFirst
          onChange={setReason}
        />
        <Problem error={start.error} />
      </Fields>
      <DialogFoot>
        <Action
          type="submit"
          weight={choice === 'deletes' ? 'danger' : 'primary'}
          busy={start.isPending}
          reason={
            reason.trim() === '' ? 'say why first' : isRate ? undefined : 'the rate is from 10 to 1,000,000'
          }
        >
          {choice === 'verify' ? 'Start the comparison' : 'Start the full sync'}
        </Action>
        <Action weight="quiet" onClick={onClose}>
          Close
        </Action>
      </DialogFoot>
    </form>
  );
}
