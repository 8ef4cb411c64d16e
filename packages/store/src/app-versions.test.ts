import type { SeenVersion } from '@sluice/contracts/stats-history';
import { expect, it } from 'vitest';
import { type RunningVersion, toDeploys, toSeen } from './app-versions.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const run = (version: string, minute: number, app = 'worker'): RunningVersion => {
  return { app, version, startedAt: at(minute) };
};

/** What is known after one look a minute; each names what runs then. */
function look(...looks: readonly (readonly RunningVersion[])[]): Record<string, number> {
  let known: readonly SeenVersion[] = [];
  for (const [minute, running] of looks.entries()) {
    const seen = toSeen(known, running, at(minute));
    const isSeen = (one: SeenVersion) =>
      seen.some(({ app, version }) => app === one.app && version === one.version);
    known = [...known.filter((one) => !isSeen(one)), ...seen];
  }
  return Object.fromEntries(
    known.map(({ app, version, since }) => [`${app} ${version}`, since.getUTCMinutes()]),
  );
}

it('takes the start of the first process for that of a version, of each app for itself', () => {
  expect(look([run('1', 7), run('1', 3), run('2', 5, 'api')])).toEqual({ 'worker 1': 3, 'api 2': 5 });
});

it('takes no process that is started again, or added, for another deploy', () => {
  expect(look([run('1', 3)], [run('1', 9)], [run('1', 9), run('1', 11)])).toEqual({ 'worker 1': 3 });
});

it('takes a standstill of a whole app for none either', () => {
  expect(look([run('1', 3)], [], [run('1', 2, 'api')], [run('1', 9)])).toEqual({
    'worker 1': 3,
    'api 1': 2,
  });
});

it('knows a version that replaces another step by step, and the one that is rolled back to', () => {
  const rolling = [[run('1', 3)], [run('1', 3), run('2', 5)], [run('2', 5), run('2', 6)]];
  expect(look(...rolling)).toEqual({ 'worker 1': 3, 'worker 2': 5 });
  expect(look(...rolling, [run('1', 20)])).toEqual({ 'worker 1': 20, 'worker 2': 5 });
});

it('tells what was put in place together as one deploy, the newest first', () => {
  const seen = [run('1', 30), run('2', 3, 'api'), run('2', 9), run('2', 14, 'live')];
  const versions = seen.map(({ startedAt, ...one }) => ({ ...one, since: startedAt, seenAt: startedAt }));
  const deploys = toDeploys(versions).map((one) => [one.at, one.subject, one.apps]);
  expect(deploys).toEqual([
    [at(30).toISOString(), '1', ['worker']],
    [at(14).toISOString(), '2', ['live']],
    [at(3).toISOString(), '2', ['api', 'worker']],
  ]);
});
