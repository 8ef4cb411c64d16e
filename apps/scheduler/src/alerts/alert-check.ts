import type { AlertDocument, AlertKind } from '@sluice/contracts/alerts';

/** Something that is wrong now; `subject` tells it from others of its kind. */
export type Finding = Pick<AlertDocument, 'subject' | 'value' | 'unit' | 'text' | 'dashboard'>;

/** What looks for one kind of trouble. */
export type AlertCheck = {
  readonly kind: AlertKind;
  /** Returns all that is wrong now. @throws DependencyAwayError when it cannot be told */
  look(): Promise<readonly Finding[]>;
  /** Says in one sentence that it is over. */
  sayResolved(subject: string): string;
};

/** Writes a number and its noun: `1 event`, `1,200 events`. */
export function toCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
