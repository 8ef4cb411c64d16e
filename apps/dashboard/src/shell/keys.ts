/*
 * Single keys. A key presses a control that is on the page anyway, so that nothing can be done by a key alone:
 *
 *  1. A control says by `data-key`, or by `aria-keyshortcuts`, which key presses it; one in the page goes before one in
 *     the bar above it. What is hidden or disabled is not pressed.
 *  2. `/` and `Escape` in a field: the filter gets the focus, and gives it back.
 *  3. `j` and `k` go from row to row, in tables and in lists of links marked `data-rove`.
 *  4. `g` waits 4 s for the letter of a page.
 *  5. Keys do nothing while one types, with a modifier, or while a dialog is open. Ctrl K and ⌘ K, which type nothing
 *     anywhere, always open the palette.
 */
import { findKey, type KeyMap, type KeyName } from './key-map.ts';

export type KeyListenerOptions = {
  readonly isOn: () => boolean;
  readonly readMap: () => KeyMap;
  readonly onPalette: () => void;
  /** Told that the letter of a page is awaited, and that it no longer is. */
  readonly onGo: (waits: boolean) => void;
};

const GO_WAIT_MS = 4000;

const TYPING =
  'input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"]), textarea, select, [contenteditable="true"]';

/** Listens to single keys until `signal` is aborted. */
export function listenToKeys(
  { isOn, readMap, onPalette, onGo }: KeyListenerOptions,
  signal: AbortSignal,
): void {
  let going: ReturnType<typeof setTimeout> | undefined;

  function stopGoing(): void {
    clearTimeout(going);
    going = undefined;
    onGo(false);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const { target } = event;
    if (event.defaultPrevented || event.isComposing) return;
    if (isPalette(event)) {
      event.preventDefault();
      onPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isDialogOpen()) return;
    const isTyping = target instanceof Element && target.closest(TYPING) !== null;
    if (event.key === 'Escape') {
      if (going !== undefined) stopGoing();
      else if (isTyping) (target as HTMLElement).blur();
      else press('Escape');
      return;
    }
    if (isTyping || !isOn()) return;
    const pressed = toCharacter(event);
    if (pressed === null) return;
    if (going !== undefined) {
      stopGoing();
      // Also where the navigation is folded away.
      const link = document.querySelector<HTMLElement>(`[data-go="${CSS.escape(pressed)}"]`);
      link?.click();
      if (link !== null) event.preventDefault();
      return;
    }
    const key = findKey(readMap(), pressed);
    if (key === undefined) return;
    if (key === 'g') {
      going = setTimeout(stopGoing, GO_WAIT_MS);
      onGo(true);
    } else if (!act(key)) return;
    event.preventDefault();
  }

  window.addEventListener('keydown', onKeyDown, { signal });
  signal.addEventListener('abort', () => clearTimeout(going));
}

/** Tells whether a control for a key is on the page, and can be used now. */
export function isKeyUsable(key: KeyName): boolean {
  if (key === 'j' || key === 'k') return findVisible('main [data-row], main [data-rove]') !== undefined;
  if (key === 'x')
    return findVisible('main [data-row] input[type="checkbox"], main [aria-selected]') !== undefined;
  if (key === 'g') return true;
  return findVisible(toSelector(key)) !== undefined;
}

function act(key: KeyName): boolean {
  if (key === 'j' || key === 'k') return move(key === 'j' ? 1 : -1);
  if (key !== '/') return press(key);
  const field = findVisible(toSelector(key));
  field?.focus();
  if (field instanceof HTMLInputElement) field.select();
  return field !== undefined;
}

function press(key: string): boolean {
  const control = findVisible(toSelector(key));
  control?.click();
  return control !== undefined;
}

function move(by: 1 | -1): boolean {
  const active = document.activeElement;
  const row = active?.closest('[data-row]');
  if (row !== null && row !== undefined) {
    const key = by === 1 ? 'ArrowDown' : 'ArrowUp';
    row.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    return true;
  }
  const links = [...document.querySelectorAll<HTMLElement>('main [data-rove]')].filter(isVisible);
  const at = active instanceof HTMLElement ? links.indexOf(active) : -1;
  const next = links[Math.max(0, at + by)] ?? links.at(-1) ?? findVisible('main [data-row][tabindex="0"]');
  next?.focus();
  return next !== undefined;
}

function toSelector(key: string): string {
  const value = CSS.escape(key);
  return `[data-key="${value}"], [aria-keyshortcuts="${value}"]:not([data-key])`;
}

/** The first that can be used: in the page itself, else around it. */
function findVisible(selector: string): HTMLElement | undefined {
  const found = [...document.querySelectorAll<HTMLElement>(selector)].filter(isVisible);
  return found.find((element) => element.closest('main') !== null) ?? found[0];
}

function isVisible(element: HTMLElement): boolean {
  return (
    !element.matches(':disabled, [aria-disabled="true"]') &&
    element.checkVisibility({ visibilityProperty: true })
  );
}

function isDialogOpen(): boolean {
  return document.querySelector('[aria-modal="true"]') !== null;
}

function isPalette({ key, code, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && !altKey && !shiftKey && (key.toLowerCase() === 'k' || code === 'KeyK');
}

/** The character that a key types; where the layout has no Latin letters, that which stands on the key else. */
function toCharacter({ key, code, shiftKey }: KeyboardEvent): string | null {
  if ([...key].length !== 1) return null;
  if (/^[a-z]$/i.test(key)) return shiftKey ? key : key.toLowerCase();
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  return letter === undefined || shiftKey ? key : letter.toLowerCase();
}
