import type { ReplayDetail } from '@sluice/contracts/operations';
import { Link } from '@tanstack/react-router';
import { Notice } from '../../ui/notice.tsx';
import { CANARY_COUNT, CANARY_SUCCESSES, EVERY_CAUSE } from '../dead-letters/start-replay.ts';

/** Says what a canary means for the dead letters that it was chosen from: go on, or stop here. */
export function Canary({
  replay: { planned, succeeded, duplicate, failedAgain, settled },
  fingerprint,
}: {
  readonly replay: ReplayDetail;
  readonly fingerprint: string;
}) {
  const needed = Math.ceil((planned * CANARY_SUCCESSES) / CANARY_COUNT);
  const good = succeeded + duplicate;
  if (!settled) {
    return (
      <Notice tone="plain">
        <p>
          <b>A canary.</b> At least {needed} of {planned} must succeed before the rest is replayed.
        </p>
      </Notice>
    );
  }
  if (good >= needed) {
    return (
      <Notice tone="plain">
        <p>
          <b>
            The canary lives: {good} of {planned} succeeded.
          </b>{' '}
          <Causes fingerprint={fingerprint} isPlan>
            Plan the rest…
          </Causes>
        </p>
      </Notice>
    );
  }
  if (failedAgain <= planned - needed) {
    return (
      <Notice tone="plain">
        <p>
          <b>
            The canary tells nothing: {good} of {planned} succeeded, {failedAgain} failed again.
          </b>{' '}
          The others were replayed by somebody else meanwhile, or not begun. Choose new ones among{' '}
          <Causes fingerprint={fingerprint}>the dead letters</Causes>.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="dead">
      <p>
        <b>
          The canary died: {failedAgain} of {planned} failed again.
        </b>{' '}
        Nothing else was touched. Find the cause first:{' '}
        <Causes fingerprint={fingerprint}>the dead letters</Causes>.
      </p>
    </Notice>
  );
}

function Causes({
  fingerprint,
  isPlan = false,
  children,
}: {
  readonly fingerprint: string;
  readonly isPlan?: boolean;
  readonly children: React.ReactNode;
}) {
  if (fingerprint === EVERY_CAUSE) return <Link to="/dead-letters">{children}</Link>;
  return (
    <Link to="/dead-letters/$fingerprint" params={{ fingerprint }} search={isPlan ? { plan: 'replay' } : {}}>
      {children}
    </Link>
  );
}
