import { createTask, validateDetailed } from 'node-cron';

/** The zone of every schedule: the same in every scheduler, and without hours that come twice. */
export const SCHEDULE_ZONE = 'UTC';

/** Says what is wrong with a schedule; null when it is a cron expression that comes round. */
export function checkSchedule(schedule: string): string | null {
  const { valid, errors } = validateDetailed(schedule);
  return valid ? null : (errors[0]?.message ?? 'it is no cron expression');
}

/**
 * Returns the first time of a schedule after `now`, which must not lie in the past; null when it cannot be read, or
 * never comes (the 31st of February).
 */
export function toNextRun(schedule: string, now: Date): Date | null {
  if (checkSchedule(schedule) !== null) return null;
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
