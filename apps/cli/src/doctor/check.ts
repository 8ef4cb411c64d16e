import { toMessage, toSentence } from '../cli-error.ts';

/** How a check came out; only `fail` makes the doctor's answer no. */
export type CheckStatus = 'ok' | 'warn' | 'fail';

/** What a check found, and what to do about it. */
export type Finding = {
  readonly status: CheckStatus;
  readonly detail: string;
  /** One sentence on how to mend it; null when nothing is wrong. */
  readonly mend: string | null;
};

/** A check that was made. */
export type Check = Finding & { readonly name: string };

/** Says that all is well. */
export function ok(detail: string): Finding {
  return { status: 'ok', detail, mend: null };
}

/** Says that something is not as it should be, but works. */
export function warn(detail: string, mend: string): Finding {
  return { status: 'warn', detail, mend };
}

/** Says that something is wrong. */
export function fail(detail: string, mend: string): Finding {
  return { status: 'fail', detail, mend };
}

/** Makes a check; one that throws has failed, with `mend` as the advice. */
export async function runCheck(
  name: string,
  mend: string,
  check: () => Finding | Promise<Finding>,
): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    return { name, ...fail(toSentence(toMessage(error)), mend) };
  }
}
