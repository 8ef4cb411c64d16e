/** Tells the person at the terminal one plain sentence. */
export type Say = (sentence: string) => void;

/** The environment variables of the calling program; nothing in this package reads them from anywhere else. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Thrown when something cannot be started for a reason that the person at the terminal can mend: the message is
 * one or two plain sentences and is all that should be shown.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Returns the message of whatever was thrown. */
export function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
