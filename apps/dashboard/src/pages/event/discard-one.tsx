import type { Discard } from '@sluice/contracts/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { Problem, TextField } from '../../ui/field.tsx';

/** Asks why a dead event is to be set aside; it stays stored. */
export function DiscardOne({
  id,
  opened,
  onClose,
}: {
  readonly id: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const discard = useMutation({
    mutationFn: () => send<Discard>('POST', `/api/events/${id}/discard`, { reason: reason.trim() }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['event', id] });
      onClose();
    },
  });
  return (
    <Dialog title="Discard this event" opened={opened} onClose={onClose}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          discard.mutate();
        }}
      >
        <p>It leaves the inbox of dead letters and stays stored: it can be replayed later.</p>
        <TextField label="Why" value={reason} maxLength={500} onChange={setReason} isFirst />
        <Problem error={discard.error} />
        <DialogFoot>
          <Action
            type="submit"
            weight="danger"
            busy={discard.isPending}
            reason={reason.trim() === '' ? 'say why first' : undefined}
          >
            Discard 1 event
          </Action>
          <Action weight="quiet" onClick={onClose}>
            Keep it
          </Action>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
