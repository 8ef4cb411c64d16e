import { ProblemException } from '@sluice/contracts/errors';
import { toDependencyAway } from './redis-deadline.ts';

/** What BullMQ says by number: the job is gone, or in another state than the change is for. */
const JOB_NOT_EXIST = -1;
const JOB_NOT_IN_STATE = -3;

/**
 * Turns what a request to Bull Board failed with into what can be answered: DependencyAwayError while Redis is away, a
 * ProblemException for a job that does not allow the change or an address that is none. A defect comes back as it is.
 */
export function toBoardError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ProblemException) return error;
  // Bull Board decodes what Fastify has decoded already.
  if (error instanceof URIError) {
    return new ProblemException('ERR_QUERY_INVALID', 'A name is not valid percent-encoded UTF-8.', {
      cause: error,
    });
  }
  const code = 'code' in error ? error.code : undefined;
  if (code === JOB_NOT_EXIST) {
    return new ProblemException('ERR_NOT_FOUND', 'The job is not there any more.', { cause: error });
  }
  if (code === JOB_NOT_IN_STATE) {
    const detail =
      'The job is not in the state for it: only failed jobs are retried, only delayed ones promoted.';
    return new ProblemException('ERR_JOB_STATE', detail, { cause: error });
  }
  return toDependencyAway(error);
}
