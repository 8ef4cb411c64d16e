import type { FullSync } from '@sluice/contracts/full-sync';
import {
  DEFAULT_COMPARED_PER_SECOND,
  MAX_COMPARED_PER_SECOND,
  MIN_COMPARED_PER_SECOND,
} from '@sluice/contracts/full-sync-rate';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { fullSyncsQuery } from '../../data/sync.ts';
import { ReasonForm } from '../../ui/dialog-form.tsx';
import { ChoiceField, TextField } from '../../ui/field.tsx';
import { formatCount } from '../../ui/numbers.ts';

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
  const start = useMutation({
    mutationFn: (reason: string) =>
      send<FullSync>('POST', '/api/sync/full', {
        mode: choice === 'verify' ? 'verify' : 'copy',
        confirmDeletes: choice === 'deletes',
        adoptDataset: isBlocked,
        ratePerSecond: Number(rate),
        reason,
      }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: fullSyncsQuery.queryKey });
      onClose();
    },
  });
  const isRate =
    /^\d{1,7}$/.test(rate) &&
    Number(rate) >= MIN_COMPARED_PER_SECOND &&
    Number(rate) <= MAX_COMPARED_PER_SECOND;
  const choices = isBlocked ? CHOICES.filter(([one]) => one !== 'verify') : CHOICES;
  return (
    <ReasonForm
      act={choice === 'verify' ? 'Start the comparison' : 'Start the full sync'}
      weight={choice === 'deletes' ? 'danger' : 'primary'}
      lack={
        isRate
          ? undefined
          : `the rate is from ${formatCount(MIN_COMPARED_PER_SECOND)} to ${formatCount(MAX_COMPARED_PER_SECOND)}`
      }
      busy={start.isPending}
      error={start.error}
      onSubmit={start.mutate}
      onClose={onClose}
    >
      {isBlocked && (
        <p>
          <b>The backup was made from another dataset.</b> From now on it belongs to this primary, and what it
          holds is overwritten where the two differ.
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
    </ReasonForm>
  );
}
