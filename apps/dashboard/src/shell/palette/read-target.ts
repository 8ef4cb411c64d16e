/** What a text names by its form: an event, an operation, a cause of dead letters, or perhaps a source or a device. */
export type Target =
  | { readonly kind: 'event' | 'operation' | 'cause'; readonly id: string }
  | { readonly kind: 'name'; readonly name: string };

const EVENT = /\bevt_[0-9a-f]{32}\b/;
const OPERATION = /\bop_[0-9a-f]{24}\b/;
const CAUSE = /\/dead-letters\/([^/?#\s]{1,64})/;

/** The longest name of a device. */
const MAX_NAME = 512;

/** Reads what was typed or pasted, also from the middle of a line of a log or of an address; null when it is too short. */
export function readTarget(text: string): Target | null {
  const event = EVENT.exec(text)?.[0];
  if (event !== undefined) return { kind: 'event', id: event };
  const operation = OPERATION.exec(text)?.[0];
  if (operation !== undefined) return { kind: 'operation', id: operation };
  const cause = CAUSE.exec(text)?.[1];
  if (cause !== undefined) return { kind: 'cause', id: cause };
  const name = text.trim();
  return name.length < 2 || name.length > MAX_NAME || /[\r\n]/.test(name) ? null : { kind: 'name', name };
}
