import type { Discard } from '@sluice/contracts/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { send } from '../../data/http.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ReasonForm } from '../../ui/dialog-form.tsx';

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
  const discard = useMutation({
    mutationFn: (reason: string) => send<Discard>('POST', `/api/events/${id}/discard`, { reason }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['event', id] });
      onClose();
    },
  });
  return (
    <Dialog title="Discard this event" opened={opened} onClose={onClose}>
      <ReasonForm
        act="Discard 1 event"
        weight="danger"
        leave="Keep it"
        busy={discard.isPending}
        error={discard.error}
        onSubmit={discard.mutate}
        onClose={onClose}
      >
        <p>It leaves the inbox of dead letters and stays stored: it can be replayed later.</p>
      </ReasonForm>
    </Dialog>
  );
}
