/** A button of the page that is shown now. */
export type PageAction = { readonly label: string; readonly press: () => void };

const MAX_ACTIONS = 8;

/** Reads what can be done on the page: its buttons that can be pressed, but for those that stand in each row of a table. */
export function readPageActions(): readonly PageAction[] {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('main [data-page-action]')];
  const labels = new Set<string>();
  return buttons
    .filter((button) => !button.disabled && button.type !== 'submit' && button.closest('table') === null)
    .flatMap((button) => {
      const label = toLabel(button);
      if (label === '' || labels.has(label)) return [];
      labels.add(label);
      return [{ label, press: () => button.click() }];
    })
    .slice(0, MAX_ACTIONS);
}

function toLabel(button: HTMLButtonElement): string {
  const given = button.getAttribute('aria-label');
  if (given !== null) return given;
  const texts = [...button.childNodes].filter(
    (node) => !(node instanceof Element && node.getAttribute('aria-hidden') === 'true'),
  );
  return texts
    .map(({ textContent }) => textContent ?? '')
    .join('')
    .trim();
}
