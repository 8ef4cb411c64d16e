import { createTask, validateDetailed } from 'node-cron';

/** The zone of every schedule: the same in every scheduler, and without hours that come twice. */
export const SCHEDULE_ZONE = 'UTC';

/** Second, minute, hour, day of month, month, day of week. */
const FIELDS = 6;

/** Longer expressions are not read: the most that all lists of six fields can say fits. */
const MAX_CHARS = 512;

/** Says what is wrong with a schedule that is declared; null when it is a cron expression of six fields. */
export function checkSchedule(schedule: string): string | null {
  const isShort = schedule.length <= MAX_CHARS && schedule.trim().split(/\s+/).length !== FIELDS;
  return isShort ? `expected ${FIELDS} fields` : findFault(schedule);
}

/** Tells whether a schedule can be read; one without seconds, as it could once be stored, can. */
export function isReadable(schedule: string): boolean {
  return findFault(schedule) === null;
}

/** What it is made of is looked at first: the library writes a range out before it sees that no clock shows its end. */
function findFault(schedule: string): string | null {
  if (schedule.length > MAX_CHARS) return `it has more than ${MAX_CHARS} characters`;
  if (/\d{3}/.test(schedule)) return 'a number in it has more than two digits';
  const { valid, errors } = validateDetailed(schedule);
  return valid ? null : (errors[0]?.message ?? 'it is no cron expression');
}

/**
 * Returns the first time of a schedule after `now`, which must not lie in the past; null when it cannot be read, or
 * never comes (the 31st of February).
 */
export function toNextRun(schedule: string, now: Date): Date | null {
  if (!isReadable(schedule)) return null;
  const task = createTask(schedule, () => {}, { timezone: SCHEDULE_ZONE });
  try {
    return task.getNextRuns(2).find((date) => date.getTime() > now.getTime()) ?? null;
  } catch {
    // It gives up looking after some years.
    return null;
  } finally {
    void task.destroy();
  }
}
