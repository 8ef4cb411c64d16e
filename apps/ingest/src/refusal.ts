import { type ProblemCode, ProblemException } from '@sluice/contracts/errors';

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
