import { describe, expect, it } from 'vitest';
import { findDueSlots, type RunForDue } from './due-slots.ts';

const at = (text: string) => new Date(`2026-06-02T${text}Z`);

function toRun(text: string, changed: Partial<RunForDue> = {}): RunForDue {
  const startedAt = at(text);
  return { outcome: 'polled', slot: startedAt.getTime() / 1000, startedAt, endedAt: startedAt, ...changed };
}

/** Looks at a source that is due every minute and was declared at noon, at five past. */
function find(runs: readonly RunForDue[], since = at('12:00:00'), changedAt = at('12:00:00')) {
  return findDueSlots('0 * * * * *', { runs, since, changedAt, until: at('12:05:00'), limit: 100 });
}

describe('the slots that are due', () => {
  it.each([
    ['since it was declared, when there was no run', [], '12:01:00', 5],
    ['since the last run', [toRun('12:03:00'), toRun('12:02:00')], '12:04:00', 2],
    [
      'since the slot of a run, whose scheduler has a slow clock',
      [toRun('12:03:00', { startedAt: at('12:02:59'), endedAt: null, outcome: 'crashed' })],
      '12:04:00',
      2,
    ],
    [
      'since a run that a person asked for',
      [toRun('12:03:30', { slot: at('12:03:30').getTime() })],
      '12:04:00',
      2,
    ],
    ['since the end of a long run', [toRun('12:01:00', { endedAt: at('12:04:10') })], '12:05:00', 1],
    ['since it was paused in a run and resumed', [toRun('11:00:00', { outcome: 'paused' })], '12:01:00', 5],
    [
      'since the end of a wait',
      [toRun('12:01:00', { outcome: 'waiting', waitingUntil: at('12:03:30') })],
      '12:04:00',
      2,
    ],
    [
      'since the end of a wait that a run asked for which read everything',
      [toRun('12:02:00', { outcome: 'paused' }), toRun('12:01:00', { waitingUntil: at('12:03:30') })],
      '12:04:00',
      2,
    ],
  ] as const)('are those %s', (_, runs, first, count) => {
    expect(find(runs)).toEqual({ firstAt: at(first), count });
  });

  it('are those since the last run when the source was changed after it had asked to wait', () => {
    const runs = [toRun('12:02:00'), toRun('12:01:00', { waitingUntil: at('12:59:00') })];
    expect(find(runs, at('12:00:00'), at('12:01:30'))).toEqual({ firstAt: at('12:03:00'), count: 3 });
    expect(find(runs).count).toBe(0);
  });

  it.each(['running', 'waiting', 'open'] as const)('are none while the last run is %s', (outcome) => {
    expect(find([toRun('12:01:00', { outcome })])).toEqual({ firstAt: null, count: 0 });
  });

  it('are none while a run is under way that a person asked to begin once more', () => {
    const busy = toRun('12:02:30', { outcome: 'busy', slot: at('12:02:30').getTime() });
    expect(find([busy, toRun('12:01:00', { outcome: 'running', endedAt: null })]).count).toBe(0);
    expect(find([busy, toRun('12:01:00')]).count).toBe(3);
  });

  it('are none of before it was changed or resumed', () => {
    expect(find([toRun('11:00:00')], at('12:04:30'))).toEqual({ firstAt: at('12:05:00'), count: 1 });
  });
});
