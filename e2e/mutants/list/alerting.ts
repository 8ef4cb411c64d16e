import type { Mutant } from '../mutant.ts';
import { integration, only, unit } from '../proof.ts';

const plan = unit('apps/scheduler/src/alerts/plan-alerts.test.ts');
const delivery = (name: string) => only(name, integration('apps/scheduler/test/alerts.test.ts'));

/** Telling a person that something is lost, or waits too long. */
export const alerting: readonly Mutant[] = [
  {
    name: 'tells of an alert again at every look',
    breaks: 3,
    file: 'apps/scheduler/src/alerts/plan-alerts.ts',
    find: 'now.getTime() - noticedAt.getTime() >= policy.repeatMs',
    replace: 'now.getTime() >= noticedAt.getTime()',
    tests: plan,
  },
  {
    name: 'sends a notice of an alert again that was taken',
    breaks: 3,
    file: 'apps/scheduler/src/alerts/deliver-notices.ts',
    find: 'return replace({ ...claimed, outbox: rest });',
    replace: 'return null;',
    tests: delivery('that fails gets the same notice again'),
  },
  {
    name: 'follows a redirect of the receiver of alerts',
    breaks: 'access',
    file: 'apps/scheduler/src/alerts/alert-sender.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: delivery('that answers 302'),
  },
];
