import { PlainError } from '@sluice/contracts/plain-error';
import type { PollSource, Source } from '@sluice/contracts/source';
import { loadSourcesFile } from '@sluice/sources/sources-file';
import { validateDetailed } from 'node-cron';

/** Thrown when a source has a schedule that cannot be read; names every such source. */
export class ScheduleError extends PlainError {
  override readonly name = 'ScheduleError';
}

/**
 * Reads the sources that a file declares, and tells which of them are polled.
 *
 * @throws SourcesFileError when the file is wrong
 * @throws ScheduleError when the schedule of a polled source is no cron expression
 */
export async function loadSources(
  path: string,
): Promise<{ readonly declared: readonly Source[]; readonly polled: readonly PollSource[] }> {
  const declared = await loadSourcesFile(path);
  const polled = declared.filter((source) => source.kind === 'poll');
  const problems = polled.flatMap(checkSchedule);
  if (problems.length > 0) throw new ScheduleError(problems.join('\n'));
  return { declared, polled };
}

function checkSchedule({ id, schedule }: PollSource): string[] {
  const { valid, errors } = validateDetailed(schedule);
  if (valid) return [];
  return [
    `Source ${id} has a schedule that cannot be read, ${JSON.stringify(schedule)}: ${errors[0]?.message}. ` +
      'Write six fields: second, minute, hour, day of month, month, day of week.',
  ];
}
