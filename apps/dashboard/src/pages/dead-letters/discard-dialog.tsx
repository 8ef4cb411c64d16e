import type { Discard, OperationPlan } from '@sluice/contracts/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { Fields, Problem, TextField } from '../../ui/field.tsx';
import { plural } from '../../ui/numbers.ts';
import { Time } from '../../ui/time.tsx';

/** Asks why the dead letters of one cause are to be set aside; they stay stored, and can be replayed later. */
export function DiscardDialog({
  fingerprint,
  opened,
  onClose,
}: {
  readonly fingerprint: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const filter = { status: 'dead', fingerprint };
  // A replay and a discard of the same filter find the same events.
  const { data: plan, error } = useQuery({
    queryKey: ['discard-plan', fingerprint],
    queryFn: () => send<OperationPlan>('POST', '/api/replays', { filter, dryRun: true }),
    enabled: opened,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const discard = useMutation({
    mutationFn: ({ watermark }: OperationPlan) =>
      send<Discard>('POST', '/api/discards', {
        ...{ filter, watermark },
        reason: reason.trim(),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['dead-letters'] });
      onClose();
    },
  });
  return (
    <Dialog title="Discard dead letters" opened={opened} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (plan !== undefined) discard.mutate(plan);
        }}
      >
        <p>
          {plan !== undefined && (
            <>
              <b>{plural(plan.count, 'event')}</b> of this cause, counted at <Time at={plan.watermark} />.
              What dies later is left alone.{' '}
            </>
          )}
          They leave this inbox and stay stored: the ledger does not change, and they can be replayed later.
        </p>
        <Fields>
          <TextField label="Why" value={reason} maxLength={500} isFirst onChange={setReason} />
          <Problem error={discard.error ?? error} />
        </Fields>
        <DialogFoot>
          <Action
            type="submit"
            weight="danger"
            busy={discard.isPending}
            reason={toLack(plan, error, reason.trim())}
          >
            {plan === undefined ? 'Discard them' : `Discard ${plural(plan.count, 'event')}`}
          </Action>
          <Action weight="quiet" onClick={onClose}>
            Keep them
          </Action>
        </DialogFoot>
      </form>
    </Dialog>
  );
}

/** Says what is missing before anything can be discarded. */
function toLack(plan: OperationPlan | undefined, error: Error | null, reason: string): string | undefined {
  if (plan === undefined) return error === null ? 'counting' : 'they could not be counted';
  if (plan.count === 0) return 'there are none any more';
  return reason === '' ? 'say why first' : undefined;
}
