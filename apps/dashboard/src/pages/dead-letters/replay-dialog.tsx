import type { OperationPlan, Replay } from '@sluice/contracts/operations';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { send } from '../../data/http.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { formatCount, plural } from '../../ui/numbers.ts';
import { Loading } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './group.module.css';

/** From this many events on the number must be typed. */
const TYPE_NUMBER_FROM = 1000;
const DEFAULT_RATE = 20;

/** Plans a replay of all dead letters of one cause, asks, and starts it; what dies later is not touched. */
export function ReplayDialog({
  fingerprint,
  opened,
  onClose,
}: {
  readonly fingerprint: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Replay dead letters" opened={opened} onClose={onClose}>
      <Plan fingerprint={fingerprint} onClose={onClose} />
    </Dialog>
  );
}

function Plan({ fingerprint, onClose }: { readonly fingerprint: string; readonly onClose: () => void }) {
  const navigate = useNavigate();
  const [rate, setRate] = useState(String(DEFAULT_RATE));
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const filter = { status: 'dead', fingerprint };
  const plan = useQuery({
    queryKey: ['replay-plan', fingerprint],
    queryFn: () => send<OperationPlan>('POST', '/api/replays', { filter, dryRun: true }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const start = useMutation({
    mutationFn: () =>
      send<Replay>('POST', '/api/replays', {
        filter,
        ratePerSecond: Number(rate),
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      }),
    onSuccess: ({ id }) => void navigate({ to: '/operations/$id', params: { id } }),
  });
  if (plan.data === undefined) {
    return plan.error === null ? (
      <Loading rows={4} label="Counting" />
    ) : (
      <p role="alert" className={styles['problem']}>
        {plan.error.message}
      </p>
    );
  }
  const { count, bySource, oldest, newest, watermark } = plan.data;
  const rateNumber = Number(rate);
  const isRate = Number.isFinite(rateNumber) && rateNumber >= 0.1;
  const mustType = count >= TYPE_NUMBER_FROM && typed.trim() !== String(count);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <div className={styles['facts']}>
        <p>
          <b>{plural(count, 'event')}</b>, dead before <Time at={watermark} withDate />. What dies later is
          left alone.
        </p>
        <p>
          {Object.entries(bySource)
            .slice(0, 5)
            .map(([source, of]) => `${source} ${formatCount(of)}`)
            .join(', ')}
        </p>
        {oldest !== null && newest !== null && (
          <p>
            Received <Time at={oldest} withDate /> to <Time at={newest} withDate />.
          </p>
        )}
        {isRate && count > 0 && (
          <p>At this rate it takes about {formatDuration((count / rateNumber) * 1000)}.</p>
        )}
      </div>
      <label className={styles['field']}>
        <span>Events a second at most</span>
        <input inputMode="decimal" value={rate} onChange={({ target }) => setRate(target.value)} />
      </label>
      <label className={styles['field']}>
        <span>Why, for the audit log</span>
        <input value={reason} maxLength={500} onChange={({ target }) => setReason(target.value)} />
      </label>
      {count >= TYPE_NUMBER_FROM && (
        <label className={styles['field']}>
          <span>Type {count} to confirm</span>
          <input inputMode="numeric" value={typed} onChange={({ target }) => setTyped(target.value)} />
        </label>
      )}
      {start.error !== null && (
        <p role="alert" className={styles['problem']}>
          {start.error.message}
        </p>
      )}
      <div className={styles['actions']}>
        <Action
          type="submit"
          weight="primary"
          busy={start.isPending}
          reason={toReason({ count, isRate, mustType })}
        >{`Replay ${plural(count, 'event')}`}</Action>
        <Action weight="quiet" onClick={onClose}>
          Close
        </Action>
      </div>
    </form>
  );
}

function toReason(state: { count: number; isRate: boolean; mustType: boolean }): string | undefined {
  if (state.count === 0) return 'nothing is dead of this cause';
  if (!state.isRate) return 'the rate is a number of 0.1 or more';
  return state.mustType ? 'type the number first' : undefined;
}
