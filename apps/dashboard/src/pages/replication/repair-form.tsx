import type { FullSync } from '@sluice/contracts/full-sync';
import type { FoundDifference } from '@sluice/contracts/sync-differences';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { fullSyncsQuery, syncDifferencesQuery } from '../../data/sync.ts';
import { Action } from '../../ui/action.tsx';
import { DialogFoot } from '../../ui/dialog.tsx';
import { Fields, Problem, TextField } from '../../ui/field.tsx';
import { plural } from '../../ui/numbers.ts';
import styles from './differences.module.css';

/** Asks why the chosen documents are to be repaired, and to confirm what will be deleted; then has it done. */
export function RepairForm({
  collection,
  chosen,
  onClose,
  onStarted,
}: {
  readonly collection: string;
  readonly chosen: readonly FoundDifference[];
  readonly onClose: () => void;
  readonly onStarted: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [isConfirmed, setConfirmed] = useState(false);
  const extras = chosen.filter(({ kind }) => kind === 'extra').length;
  const copies = chosen.length - extras;
  const repair = useMutation({
    mutationFn: () =>
      send<FullSync>('POST', '/api/sync/full', {
        only: { collection, ids: chosen.map(({ id }) => id) },
        confirmDeletes: extras > 0 && isConfirmed,
        reason: reason.trim(),
      }),
    async onSuccess() {
      await Promise.all(
        [fullSyncsQuery, syncDifferencesQuery].map(({ queryKey }) => queries.invalidateQueries({ queryKey })),
      );
      onStarted();
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        repair.mutate();
      }}
    >
      <Fields>
        {copies > 0 && (
          <p>
            The replicator copies {plural(copies, 'document')} from the primary to the backup, as they are
            then, not as they were when they were compared.
          </p>
        )}
        {extras > 0 && (
          <label className={styles['confirm']}>
            <input
              type="checkbox"
              checked={isConfirmed}
              onChange={({ target }) => setConfirmed(target.checked)}
            />
            <span>
              Delete {plural(extras, 'document')} that only the backup has. This cannot be taken back.
            </span>
          </label>
        )}
        <TextField
          label="Why, for the audit log"
          value={reason}
          maxLength={500}
          isFirst
          onChange={setReason}
        />
        <Problem error={repair.error} />
      </Fields>
      <DialogFoot>
        <Action
          type="submit"
          weight={extras > 0 ? 'danger' : 'primary'}
          busy={repair.isPending}
          reason={toLack(chosen.length, extras > 0 && !isConfirmed, reason.trim())}
        >
          {`Repair ${plural(chosen.length, 'document')}`}
        </Action>
        <Action weight="quiet" onClick={onClose}>
          Close
        </Action>
      </DialogFoot>
    </form>
  );
}

function toLack(count: number, isUnconfirmed: boolean, reason: string): string | undefined {
  if (count === 0) return 'they are repaired by now';
  if (isUnconfirmed) return 'confirm what is deleted, or choose without it';
  return reason === '' ? 'say why first' : undefined;
}
