import type { FullSync } from '@sluice/contracts/full-sync';
import type { FoundDifference } from '@sluice/contracts/sync-differences';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { fullSyncsQuery, syncDifferencesQuery } from '../../data/sync.ts';
import { ReasonForm } from '../../ui/dialog-form.tsx';
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
  const [isConfirmed, setConfirmed] = useState(false);
  const extras = chosen.filter(({ kind }) => kind === 'extra').length;
  const copies = chosen.length - extras;
  const repair = useMutation({
    mutationFn: (reason: string) =>
      send<FullSync>('POST', '/api/sync/full', {
        only: { collection, ids: chosen.map(({ id }) => id) },
        confirmDeletes: extras > 0 && isConfirmed,
        reason,
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
    <ReasonForm
      act={`Repair ${plural(chosen.length, 'document')}`}
      weight={extras > 0 ? 'danger' : 'primary'}
      lack={toLack(chosen.length, extras > 0 && !isConfirmed)}
      busy={repair.isPending}
      error={repair.error}
      onSubmit={repair.mutate}
      onClose={onClose}
    >
      {copies > 0 && (
        <p>
          The replicator copies {plural(copies, 'document')} from the primary to the backup, as they are then,
          not as they were when they were compared.
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
    </ReasonForm>
  );
}

function toLack(count: number, isUnconfirmed: boolean): string | undefined {
  if (count === 0) return 'they are repaired by now';
  return isUnconfirmed ? 'confirm what is deleted, or choose without it' : undefined;
}
