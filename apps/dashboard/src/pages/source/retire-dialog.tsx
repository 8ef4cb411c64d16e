import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toFailure } from '../../data/failure.ts';
import { send } from '../../data/http.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';

/** Asks before the active revision is retired, which leaves the source to the built-in rules. */
export function RetireDialog({
  revision: { source, revision },
  opened,
  onClose,
}: {
  readonly revision: RevisionAnswer;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      send<RevisionAnswer>('POST', `/api/sources/${encodeURIComponent(source)}/mapping/${revision}/retire`),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['mappings', source] });
      await queries.invalidateQueries({ queryKey: ['source', source] });
      onClose();
    },
  });
  const title = `Retire revision ${revision}`;
  return (
    <Dialog title={title} opened={opened} onClose={onClose}>
      <DialogForm
        act={title}
        weight="danger"
        leave="Leave it as it is"
        busy={isPending}
        error={toFailure(error)}
        onSubmit={mutate}
        onClose={onClose}
      >
        <p>
          The source has no mapping then: within moments the built-in rules find the fields of its events by
          their usual names. Records that are stored stay as they are, and the revision can be activated
          again.
        </p>
      </DialogForm>
    </Dialog>
  );
}
