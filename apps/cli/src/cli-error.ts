import { PlainError } from '@sluice/contracts/plain-error';
import type { ExitCode } from './exit-codes.ts';

/** Ends the command with an exit code; the message says in plain words what is wrong and what to do. */
export class CliError extends PlainError {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Returns the message of whatever was thrown. */
export function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ends a text with a full stop, unless it ends like a sentence already. */
export function toSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
