/** How the command ends, for scripts that call it. */
export const EXIT = {
  ok: 0,
  no: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  notFound: 5,
  conflict: 6,
  failed: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means, as `--help` prints it. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.no, 'done, and the answer is no: unbalanced, some rows rejected, a check failed'],
  [EXIT.usage, 'the command, a file or a setting is wrong'],
  [EXIT.unreachable, 'Sluice or a store is away, or asks to wait: try again'],
  [EXIT.refused, 'no valid key, or a key that may not do that'],
  [EXIT.notFound, 'there is no such thing'],
  [EXIT.conflict, 'it is in a state that does not allow it'],
  [EXIT.failed, 'something went wrong inside'],
  [EXIT.interrupted, 'stopped by Ctrl-C'],
];

/** Translates the status of an answer. */
export function toExitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return EXIT.notFound;
  if (status === 409 || status === 412) return EXIT.conflict;
  if (status === 429 || (status > 500 && status < 600)) return EXIT.unreachable;
  return status >= 400 && status < 500 ? EXIT.usage : EXIT.failed;
}
