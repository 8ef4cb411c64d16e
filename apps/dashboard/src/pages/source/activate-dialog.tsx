import type { RevisionAnswer } from '@sluice/contracts/sources-api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toFailure } from '../../data/failure.ts';
import { send } from '../../data/http.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogForm } from '../../ui/dialog-form.tsx';
import { Problem, TextField } from '../../ui/field.tsx';

/** Asks before a revision becomes the active one; where no clean trial speaks for it, a reason is needed. */
export function ActivateDialog({
  revision,
  active,
  opened,
  onClose,
}: {
  readonly revision: RevisionAnswer;
  /** The one that is active now. */
  readonly active: RevisionAnswer | undefined;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={toTitle(revision)} opened={opened} onClose={onClose}>
      <Ask revision={revision} active={active} onClose={onClose} />
    </Dialog>
  );
}

/** Names what making a revision active means: an earlier one is rolled back to. */
export function toTitle({ revision, state }: Pick<RevisionAnswer, 'revision' | 'state'>): string {
  return state === 'retired' ? `Roll back to revision ${revision}` : `Activate revision ${revision}`;
}

function Ask({
  revision: shown,
  active,
  onClose,
}: {
  readonly revision: RevisionAnswer;
  readonly active: RevisionAnswer | undefined;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const { source, revision } = shown;
  const [reason, setReason] = useState('');
  const activate = useMutation({
    mutationFn: (force: boolean) =>
      send<RevisionAnswer>(
        'POST',
        `/api/sources/${encodeURIComponent(source)}/mapping/${revision}/activate`,
        force ? { force: true, reason: reason.trim() } : {},
      ),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['mappings', source] });
      await queries.invalidateQueries({ queryKey: ['source', source] });
      onClose();
    },
  });
  const failure = toFailure(activate.error);
  const mustForce = failure?.code === 'ERR_MAPPING_NOT_TRIED';
  return (
    <DialogForm
      act={mustForce ? `Activate revision ${revision} untried` : toTitle(shown)}
      weight={mustForce ? 'danger' : 'primary'}
      leave="Leave it as it is"
      lack={mustForce && reason.trim().length < 3 ? 'say why first' : undefined}
      busy={activate.isPending}
      error={mustForce ? null : failure}
      onSubmit={() => activate.mutate(mustForce)}
      onClose={onClose}
    >
      <p>
        Workers use it within moments, for events that arrive from then on.{' '}
        {active === undefined
          ? 'The built-in rules are used now.'
          : `Revision ${active.revision} is active now; it is kept, and can be rolled back to at once.`}
      </p>
      {mustForce && (
        <>
          <Problem error={failure} />
          <TextField
            label="Activate it all the same, because"
            value={reason}
            maxLength={500}
            onChange={setReason}
          />
        </>
      )}
    </DialogForm>
  );
}
