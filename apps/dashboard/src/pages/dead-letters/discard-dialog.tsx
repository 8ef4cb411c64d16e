import type { Discard, OperationPlan } from '@sluice/contracts/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { send, sendDryRun } from '../../data/http.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ReasonForm } from '../../ui/dialog-form.tsx';
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
  const filter = { status: 'dead', fingerprint };
  // A replay and a discard of the same filter find the same events.
  const { data: plan, error } = useQuery({
    queryKey: ['discard-plan', fingerprint],
    queryFn: () => sendDryRun<OperationPlan>('/api/replays', JSON.stringify({ filter, dryRun: true })),
    enabled: opened,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const discard = useMutation({
    mutationFn: ({ reason, watermark }: { readonly reason: string; readonly watermark: string }) =>
      send<Discard>('POST', '/api/discards', { filter, watermark, reason }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['dead-letters'] });
      onClose();
    },
  });
  return (
    <Dialog title="Discard dead letters" opened={opened} onClose={onClose}>
      <ReasonForm
        act={plan === undefined ? 'Discard them' : `Discard ${plural(plan.count, 'event')}`}
        weight="danger"
        leave="Keep them"
        lack={toLack(plan, error)}
        busy={discard.isPending}
        error={discard.error ?? error}
        onSubmit={(reason) => {
          if (plan !== undefined) discard.mutate({ reason, watermark: plan.watermark });
        }}
        onClose={onClose}
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
      </ReasonForm>
    </Dialog>
  );
}

/** Says what is missing before anything can be discarded. */
function toLack(plan: OperationPlan | undefined, error: Error | null): string | undefined {
  if (plan === undefined) return error === null ? 'counting' : 'they could not be counted';
  return plan.count === 0 ? 'there are none any more' : undefined;
}
