import type { Discard } from '@sluice/contracts/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { Fields, Problem, TextField } from '../../ui/field.tsx';

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
  const discard = useMutation({
    mutationFn: () =>
      send<Discard>('POST', '/api/discards', {
        filter: { status: 'dead', fingerprint },
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
          discard.mutate();
        }}
      >
        <p>
          They leave this inbox and stay stored: the ledger does not change, and they can be replayed later.
        </p>
        <Fields>
          <TextField label="Why" value={reason} maxLength={500} isFirst onChange={setReason} />
          <Problem error={discard.error} />
        </Fields>
        <DialogFoot>
          <Action
            type="submit"
            weight="danger"
            busy={discard.isPending}
            reason={reason.trim() === '' ? 'say why first' : undefined}
          >
            Discard them
          </Action>
          <Action weight="quiet" onClick={onClose}>
            Keep them
          </Action>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
