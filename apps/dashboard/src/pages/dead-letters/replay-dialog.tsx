import type { DeadLetterGroup } from '@sluice/contracts/dead-letters';
import type { DeadFilter, OperationPlan } from '@sluice/contracts/operations';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { sendDryRun } from '../../data/http.ts';
import { useLiveState } from '../../data/live-context.ts';
import { queuesQuery } from '../../data/queues.ts';
import { Action } from '../../ui/action.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ReasonForm } from '../../ui/dialog-form.tsx';
import { ChoiceField, Problem, TextField } from '../../ui/field.tsx';
import { formatCount, formatFigure, plural } from '../../ui/numbers.ts';
import { Loading } from '../../ui/states.tsx';
import { formatDuration, Time } from '../../ui/time.tsx';
import styles from './group.module.css';
import { PlanChecks } from './plan-checks.tsx';
import { CANARY_COUNT, EVERY_CAUSE, startReplay } from './start-replay.ts';

/** From more events than these on the number must be typed. */
const TYPE_NUMBER_ABOVE = 1000;
const DEFAULT_RATE = 20;
const DEFAULT_STOP_PERCENT = 50;

/** Plans a replay of all dead letters that a filter finds, asks, and starts it; what dies later is not touched. */
export function ReplayDialog({
  filter,
  group,
  opened,
  onClose,
}: {
  readonly filter: DeadFilter;
  /** Their cause as it stands now, where they are all of one. */
  readonly group?: DeadLetterGroup | undefined;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="Plan a replay" opened={opened} onClose={onClose}>
      <Plan filter={filter} group={group} onClose={onClose} />
    </Dialog>
  );
}

function Plan({
  filter,
  group,
  onClose,
}: {
  readonly filter: DeadFilter;
  readonly group: DeadLetterGroup | undefined;
  readonly onClose: () => void;
}) {
  const navigate = useNavigate();
  const [rate, setRate] = useState(String(DEFAULT_RATE));
  const [stopPercent, setStopPercent] = useState(String(DEFAULT_STOP_PERCENT));
  const [scope, setScope] = useState<'all' | 'canary'>('all');
  const [typed, setTyped] = useState('');
  const { connection, resync } = useLiveState();
  const plan = useQuery({
    // What was planned before the connection was lost may no longer be so.
    queryKey: ['replay-plan', filter, resync?.at ?? null],
    queryFn: () => sendDryRun<OperationPlan>('/api/replays', JSON.stringify({ filter, dryRun: true })),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const start = useMutation({
    mutationFn: ({ reason, watermark }: { readonly reason: string; readonly watermark: string }) =>
      startReplay({
        ...{ filter, watermark, scope },
        ratePerSecond: Number(rate),
        stopAtFailureShare: Number(stopPercent) / 100,
        reason,
      }),
    onSuccess: ({ id }) =>
      void navigate({
        to: '/operations/$id',
        params: { id },
        search: scope === 'canary' ? { canaryOf: filter.fingerprint ?? EVERY_CAUSE } : {},
      }),
  });
  if (plan.data === undefined) {
    return plan.error === null ? <Loading rows={4} label="Counting" /> : <Problem error={plan.error} />;
  }
  const { count, bySource, newest, watermark } = plan.data;
  const touched = scope === 'canary' ? Math.min(CANARY_COUNT, count) : count;
  const seconds = touched / Number(rate);
  return (
    <ReasonForm
      act={`Replay ${plural(touched, 'event')}`}
      lack={toLack({
        ...{ count, rate, stopPercent, isStale: connection === 'stale' },
        mustType: touched > TYPE_NUMBER_ABOVE && typed.trim() !== String(count),
      })}
      // A canary says so in its reason.
      maxLength={480}
      isReasonFirst={false}
      busy={start.isPending}
      error={start.error}
      onSubmit={(reason) => start.mutate({ reason, watermark })}
      onClose={onClose}
    >
      <Scope
        plan={plan.data}
        since={group === undefined ? 0 : group.count - count}
        onAgain={() => void plan.refetch()}
      />
      <PlanChecks filter={filter} stage={group?.stage} sources={Object.keys(bySource)} newest={newest} />
      <ChoiceField
        label="How many"
        name="scope"
        value={scope}
        choices={[
          ['all', `all ${formatCount(count)}`],
          [
            'canary',
            `a canary: ${filter.ids === undefined ? 'the newest ' : ''}${Math.min(CANARY_COUNT, count)} first; the rest only after they succeeded`,
          ],
        ]}
        onChange={setScope}
      />
      <div className={styles['pair']}>
        <TextField
          label="Events a second at most"
          inputMode="decimal"
          value={rate}
          isInvalid={!isRate(rate)}
          isFirst
          onChange={setRate}
        />
        <TextField
          label="Pause when so many % fail again"
          inputMode="decimal"
          value={stopPercent}
          isInvalid={!isPercent(stopPercent)}
          onChange={setStopPercent}
        />
      </div>
      <Pace seconds={isRate(rate) && touched > 0 ? seconds : null} />
      {touched > TYPE_NUMBER_ABOVE && (
        <TextField label={`Type ${count} to confirm`} inputMode="numeric" value={typed} onChange={setTyped} />
      )}
    </ReasonForm>
  );
}

function Scope({
  plan: { count, bySource, oldest, newest, watermark },
  since,
  onAgain,
}: {
  readonly plan: OperationPlan;
  /** How many died of it since it was planned. */
  readonly since: number;
  readonly onAgain: () => void;
}) {
  return (
    <div className={styles['facts']}>
      <p>
        <b>{plural(count, 'event')}</b> dead before <Time at={watermark} />, counted exactly.{' '}
        {since > 0 ? (
          <>
            <b>+{formatCount(since)} since</b>: not included. <Action onClick={onAgain}>Plan again</Action>
          </>
        ) : (
          'What dies later is left alone.'
        )}
      </p>
      <p>
        {Object.entries(bySource)
          .slice(0, 5)
          .map(([source, of]) => `${source} ${formatCount(of)}`)
          .join(' · ')}
        {oldest !== null && newest !== null && (
          <>
            {' · received '}
            <Time at={oldest} withDate /> to <Time at={newest} withDate />
          </>
        )}
      </p>
    </div>
  );
}

/** How long it takes, and what goes on beside it. */
function Pace({ seconds }: { readonly seconds: number | null }) {
  const { data } = useQuery({ ...queuesQuery, retry: false });
  const events = data?.items.find(({ name }) => name === 'events')?.lastMinute;
  return (
    <p className={styles['pace']}>
      {seconds !== null && `Takes about ${formatDuration(Math.max(1000, seconds * 1000))}. `}
      {events !== undefined &&
        `Workers do ${formatFigure(events.eventsOut / 60)} a second now, ${formatFigure(events.eventsIn / 60)} a second come in.`}
    </p>
  );
}

function isRate(text: string): boolean {
  const rate = Number(text);
  return text.trim() !== '' && Number.isFinite(rate) && rate >= 0.1;
}

function isPercent(text: string): boolean {
  const percent = Number(text);
  return text.trim() !== '' && percent >= 1 && percent <= 100;
}

function toLack(state: {
  readonly count: number;
  readonly rate: string;
  readonly stopPercent: string;
  readonly mustType: boolean;
  readonly isStale: boolean;
}): string | undefined {
  if (state.isStale) return 'not connected; it is planned anew once it is';
  if (state.count === 0) return 'nothing of it is dead';
  if (!isRate(state.rate)) return 'the rate is a number of 0.1 or more';
  if (!isPercent(state.stopPercent)) return 'the percentage is from 1 to 100';
  return state.mustType ? 'type the number first' : undefined;
}
