import { type Problem, type ProblemCode, ProblemException } from '@sluice/contracts/errors';

/** The cause of refusing a webhook whose source is not declared; its answer is that of a wrong signature. */
export const UNKNOWN_SOURCE = 'unknown-source';

/** Returns the true cause of a refusal: the code of its problem, or more where the answer hides it. */
export function readCause(error: unknown, { code }: Pick<Problem, 'code'>): string {
  return error instanceof Error && typeof error.cause === 'string' ? error.cause : code;
}

/** A problem of a request whose source is known by its content, so that the refusal is kept with that source. */
export class Refusal extends ProblemException {
  readonly source: string;

  constructor(
    code: ProblemCode,
    source: string,
    { detail, retryAfterSeconds }: { readonly detail?: string; readonly retryAfterSeconds?: number } = {},
  ) {
    super(code, detail, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.source = source;
  }
}
