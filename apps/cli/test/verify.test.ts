import { type FullSync, NO_TALLY, type SyncCollection } from '@sluice/contracts/full-sync';
import { describe, expect, it } from 'vitest';
import { runSluice } from './sluice.ts';
import { startStubApi, toProblem } from './stub-api.ts';

const AT = '2026-01-02T03:04:05.678Z';
const ID = 'op_3b4c5d6e7f8091a2b3c4d5e6';

const planned: FullSync = {
  ...{ id: ID, mode: 'verify', state: 'planned', stateReason: null, reason: 'sluice verify', actor: 'ops' },
  ...{ deletes: 'few', adoptDataset: false, ratePerSecond: 20_000 },
  ...{ createdAt: AT, startedAt: null, endedAt: null, phase: 'waiting', collection: null },
  ...NO_TALLY,
  ...{ identical: null, collections: [], currentPerSecond: 0, etaSeconds: null },
  ...{ waitingFor: null, updatedAt: AT },
};

function toDone(fields: Partial<FullSync>): FullSync {
  const ended = { state: 'done', phase: 'ended', startedAt: AT, endedAt: AT } as const;
  return { ...planned, ...ended, compared: 1200, total: 1200, identical: true, ...fields };
}

/** Starts an api whose full sync waits, runs, and is over; returns what was asked of it. */
function startApi(done: FullSync) {
  const running: FullSync = {
    ...planned,
    state: 'running',
    startedAt: AT,
    total: 1200,
    waitingFor: 'the backup',
  };
  return startStubApi(({ method }, count) => {
    if (method === 'POST') return { status: 202, body: planned };
    const isOver = count > 2;
    const body = { current: isOver ? null : running, last: isOver ? done : null, lastVerifiedAt: null };
    return { status: 200, body };
  });
}

describe('sluice verify', () => {
  it('watches the comparison to its end, and says that both are the same', async () => {
    const api = await startApi(toDone({}));
    const { code, stdout, stderr } = await runSluice(['verify', '--url', api.url]);
    expect(code).toBe(0);
    expect(stdout).toContain('The backup holds the same as the primary.');
    expect(stderr).toContain('It waits for the backup.');
    const [asked] = api.requests;
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      ...{ mode: 'verify', confirmDeletes: false, adoptDataset: false, reason: 'sluice verify' },
    });
  });

  it('names what differs, and ends with 1', async () => {
    const tally = { ...NO_TALLY, compared: 1200, total: 1200, missing: 1 };
    const sample = { kind: 'missing', id: '"evt_1"', since: AT, ageSeconds: 60 } as const;
    const collection: SyncCollection = { ...tally, name: 'raw_events', state: 'done', samples: [sample] };
    const api = await startApi(toDone({ missing: 1, identical: false, collections: [collection] }));
    const { code, stdout } = await runSluice(['verify', '--url', api.url]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/raw_events +1 +0 +0/);
    expect(stdout).toMatch(/missing +raw_events +"evt_1" +2026-01-02T03:04:05.678Z/);
    expect(stdout).toContain('sluice verify --mend');
  });

  it('mends with what is confirmed, and ends with 1 when something was left', async () => {
    const tally = { ...NO_TALLY, compared: 1200, total: 1200, extra: 7, kept: 7 };
    const collection: SyncCollection = { ...tally, name: 'raw_events', state: 'done', samples: [] };
    const left = toDone({ ...tally, mode: 'copy', identical: false, collections: [collection] });
    const api = await startApi(left);
    const args = ['verify', '--mend', '--adopt-dataset', '--rate', '500', '--reason', 'x', '--url', api.url];
    const { code, stdout } = await runSluice(args);
    expect(code).toBe(1);
    expect(stdout).toContain('--confirm-deletes');
    expect(JSON.parse(api.requests[0]?.body ?? '')).toMatchObject({
      ...{ mode: 'copy', adoptDataset: true, confirmDeletes: false, ratePerSecond: 500, reason: 'x' },
    });
    const misused = await runSluice(['verify', '--confirm-deletes', '--url', api.url]);
    expect(misused).toMatchObject({ code: 2, stdout: '' });
  });

  it('ends with 6 while another full sync runs', async () => {
    const problem = toProblem(409, 'ERR_SYNC_RUNNING', `The full sync ${ID} is not over yet.`);
    const api = await startStubApi(() => ({ status: 409, body: problem }));
    const { code, stderr } = await runSluice(['verify', '--url', api.url]);
    expect(code).toBe(6);
    expect(stderr).toContain(ID);
  });
});
