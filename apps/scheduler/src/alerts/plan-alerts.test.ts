import type { AlertDocument, AlertMessage } from '@sluice/contracts/alerts';
import { alertMessageSchema } from '@sluice/contracts/alerts';
import { describe, expect, it } from 'vitest';
import type { Finding } from './alert-check.ts';
import { planAlerts, toNextRevision } from './plan-alerts.ts';

const HOUR_MS = 3_600_000;
const BEGIN_MS = Date.UTC(2026, 5, 2);
const check = { kind: 'dead-letters', sayResolved: (code: string) => `No ${code} is left.` } as const;
const policy = { isSent: true, repeatMs: HOUR_MS, publicUrl: 'https://sluice.test/' };

function toFinding(value: number, subject = 'ERR_A'): Finding {
  return { subject, value, unit: 'events', text: `${value} died.`, dashboard: '/dead-letters' };
}

/** Looks again and again at what is said to be found, `stepMs` apart; every notice is taken when `isTaken`. */
function look(
  looks: readonly (readonly Finding[])[],
  { stepMs = 15_000, isTaken = true, isSent = true } = {},
) {
  let alerts: readonly AlertDocument[] = [];
  const messages: AlertMessage[] = [];
  const ids: string[] = [];
  for (const [index, findings] of looks.entries()) {
    const known = alerts.filter(({ state }) => state === 'firing');
    const now = new Date(BEGIN_MS + index * stepMs);
    const plan = planAlerts(check, known, findings, { now, policy: { ...policy, isSent } });
    const changed = new Map(plan.changed.map((alert) => [alert._id, alert]));
    alerts = [...alerts.map((alert) => changed.get(alert._id) ?? alert), ...plan.begun];
    if (!isTaken) continue;
    for (const { outbox } of alerts) {
      for (const { id, body } of outbox) {
        ids.push(id);
        messages.push(alertMessageSchema.parse(JSON.parse(body)));
      }
    }
    alerts = alerts.map((alert) =>
      alert.outbox.length === 0 ? alert : toNextRevision({ ...alert, outbox: [] }),
    );
  }
  return { alerts, messages, ids, told: messages.map(({ type, data }) => [type, data.value]) };
}

describe('an alert', () => {
  it('is told when it begins and when it is over, once each', () => {
    const { told, messages, ids, alerts } = look([
      [toFinding(3)],
      [toFinding(3)],
      [toFinding(5)],
      [],
      [],
      [],
    ]);
    expect(told).toEqual([
      ['alert.firing', 3],
      ['alert.resolved', 5],
    ]);
    const [begun, over] = messages;
    expect(begun?.data).toMatchObject({
      ...{ kind: 'dead-letters', subject: 'ERR_A', state: 'firing', resolvedAt: null, text: '3 died.' },
      ...{ notice: 1, previousValue: null, link: 'https://sluice.test/dead-letters' },
    });
    expect(over?.data).toMatchObject({
      ...{ state: 'resolved', since: begun?.data.since, text: 'No ERR_A is left.' },
      ...{ notice: 2, previousValue: 3, resolvedAt: new Date(BEGIN_MS + 60_000).toISOString() },
    });
    expect(over?.data.id).toBe(begun?.data.id);
    expect(ids).toEqual([`${begun?.data.id}-1`, `${begun?.data.id}-2`]);
    expect(alerts).toMatchObject([{ state: 'resolved', expiresAt: expect.any(Date) }]);
    expect(alerts[0]).not.toHaveProperty('open');
  });

  it('is told again while it lasts, with what it was last told of', () => {
    const looks = Array.from({ length: 5 }, (_, index) => [toFinding(index + 1)]);
    const { told, messages } = look(looks, { stepMs: HOUR_MS / 2 });
    expect(told).toEqual([
      ['alert.firing', 1],
      ['alert.firing', 3],
      ['alert.firing', 5],
    ]);
    expect(messages.map(({ data }) => data.previousValue)).toEqual([null, 1, 3]);
  });

  it('is not over when one look does not find it', () => {
    expect(look([[toFinding(1)], [], [toFinding(1)], [], [toFinding(1)]]).told).toHaveLength(1);
  });

  it('that comes back is another one', () => {
    const { messages } = look([[toFinding(1)], [], [], [toFinding(1)]]);
    expect(messages.map(({ type }) => type)).toEqual(['alert.firing', 'alert.resolved', 'alert.firing']);
    expect(messages[2]?.data.id).not.toBe(messages[0]?.data.id);
  });

  it('of one subject says nothing of another', () => {
    const { alerts } = look([
      [toFinding(1), toFinding(2, 'ERR_B')],
      [toFinding(2, 'ERR_B')],
      [toFinding(2, 'ERR_B')],
    ]);
    expect(alerts.map(({ subject, state }) => [subject, state])).toEqual([
      ['ERR_A', 'resolved'],
      ['ERR_B', 'firing'],
    ]);
  });

  it('is not told again while the first notice waits, and its end waits behind that', () => {
    const looks = [...Array.from({ length: 9 }, () => [toFinding(1)]), [], []];
    const { alerts } = look(looks, { stepMs: HOUR_MS, isTaken: false });
    expect(alerts[0]?.outbox.map(({ id, at }) => [id, at.getTime()])).toEqual([
      [`${alerts[0]?._id}-1`, BEGIN_MS],
      [`${alerts[0]?._id}-2`, BEGIN_MS + 10 * HOUR_MS],
    ]);
    expect(alerts[0]).toMatchObject({ state: 'resolved', open: true });
  });

  it('is only noted where there is nobody to tell, and told once there is', () => {
    const { alerts } = look([[toFinding(1)], [toFinding(1)]], { isSent: false });
    expect(alerts).toMatchObject([{ state: 'firing', notices: 0, outbox: [], revision: 0 }]);
    const now = new Date(BEGIN_MS + HOUR_MS);
    const { changed } = planAlerts(check, alerts, [toFinding(1)], { now, policy });
    expect(changed).toMatchObject([{ notices: 1, outbox: [{ attempts: 0 }], revision: 1 }]);
  });
});
