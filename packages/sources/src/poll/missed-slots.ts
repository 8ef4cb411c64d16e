import { createTask, parse } from 'node-cron';
import { isReadable, SCHEDULE_ZONE } from './schedule.ts';

const DAY_MS = 86_400_000;

/** No schedule is looked at for more days than these: whoever was asleep for longer has missed enough. */
const MAX_DAYS = 400;

/** Slots that passed: when the first of them was, and how many there were, up to a limit. */
export type MissedSlots = { readonly firstAt: Date | null; readonly count: number };

/**
 * Finds the slots of a schedule after `after` and up to `until`, `limit` of them at most. A schedule that cannot be read
 * has none.
 */
export function findMissedSlots(
  schedule: string,
  { after, until, limit }: { readonly after: Date; readonly until: Date; readonly limit: number },
): MissedSlots {
  if (!isReadable(schedule)) return { firstAt: null, count: 0 };
  const { second, minute, hour } = parse(schedule);
  const task = createTask(schedule, () => {}, { timezone: SCHEDULE_ZONE });
  try {
    let firstAt: Date | null = null;
    let count = 0;
    const from = Math.max(after.getTime(), until.getTime() - MAX_DAYS * DAY_MS);
    for (let day = toDayStart(from); day <= until.getTime(); day += DAY_MS) {
      // Whether a day is one of the schedule's, the library tells by any of the times in it.
      if (!task.match(new Date(day + toMs(hour[0] ?? 0, minute[0] ?? 0, second[0] ?? 0)))) continue;
      for (const at of listTimes(day, from, { second, minute, hour })) {
        if (at <= from) continue;
        if (at > until.getTime() || count === limit) return { firstAt, count };
        firstAt ??= new Date(at);
        count += 1;
      }
    }
    return { firstAt, count };
  } finally {
    void task.destroy();
  }
}

type Times = Readonly<Record<'second' | 'minute' | 'hour', readonly number[]>>;

/** Lists the slots of a day, but for hours and minutes that end before `from`. */
function* listTimes(day: number, from: number, { second, minute, hour }: Times): Generator<number> {
  const minutes = minute.toSorted(ascending);
  const seconds = second.toSorted(ascending);
  for (const h of hour.toSorted(ascending)) {
    if (day + toMs(h, 59, 59) <= from) continue;
    for (const m of minutes) {
      if (day + toMs(h, m, 59) <= from) continue;
      for (const s of seconds) yield day + toMs(h, m, s);
    }
  }
}

function toMs(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

function toDayStart(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function ascending(left: number, right: number): number {
  return left - right;
}
