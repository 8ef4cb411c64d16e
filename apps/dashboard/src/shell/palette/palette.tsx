import { createSpotlight, Spotlight, useSpotlight } from '@mantine/spotlight';
import { useEffect, useRef, useState } from 'react';
import { filterItems, groupItems, type Item } from './items.ts';
import { type PageAction, readPageActions } from './page-actions.ts';
import styles from './palette.module.css';
import { useCommands } from './use-commands.ts';
import { type Lookup, useFound } from './use-found.ts';

const LIST_ID = 'palette-list';

const CLASSES = {
  header: 'visually-hidden',
  content: styles['content'] ?? '',
  search: styles['search'] ?? '',
  actionsList: styles['list'] ?? '',
};

/** The head of a dialog is none of the page. */
const NO_LANDMARK = { header: { role: 'presentation' } };

/**
 * Finds pages, what can be done here, and events, operations, sources and devices by their names. A combobox with a list
 * (WAI-ARIA): the focus stays in the field, the arrows choose, Enter does it, Escape goes back to where one was.
 */
export function Palette({
  request,
}: {
  /** Opens it each time it changes. */
  readonly request: number;
}) {
  const [[store, { open, close }]] = useState(createSpotlight);
  const { opened, query, selected } = useSpotlight(store);
  const opener = useRef<HTMLElement | null>(null);
  const [actions, setActions] = useState<readonly PageAction[]>([]);
  const lookup = useFound(opened ? query : '');
  const commands = useCommands();
  const items = toItems(lookup, actions, commands, query);
  const groups = groupItems(items);
  const shown = groups.flatMap(([, of]) => of);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another request is all that opens it
  useEffect(() => {
    opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    setActions(readPageActions());
    open();
  }, [request]);

  const ids = shown.map(({ id }) => id).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: other items begin at the first again
  useEffect(() => {
    store.setState((state) => ({ ...state, selected: 0 }));
  }, [ids, opened]);

  function leave(): void {
    close();
    // Before anything is done: a dialog that it opens gives the focus back to here.
    if (opener.current?.isConnected === true) opener.current.focus({ preventScroll: true });
  }

  return (
    <Spotlight.Root
      store={store}
      shortcut={null}
      closeOnEscape={false}
      returnFocus={false}
      size={600}
      yOffset="12vh"
      radius="sm"
      classNames={CLASSES}
      attributes={NO_LANDMARK}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      transitionProps={{ transition: 'fade', duration: 120 }}
      title="Commands"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        leave();
      }}
    >
      <Spotlight.Search
        placeholder="Page, action, or id"
        role="combobox"
        aria-label="Page, action, or id"
        aria-expanded="true"
        aria-controls={LIST_ID}
        aria-autocomplete="list"
        aria-activedescendant={shown[selected] === undefined ? undefined : toElementId(shown[selected])}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
        // Mantine moves the choice when this is over, and tells nobody.
        onKeyDown={() => queueMicrotask(() => store.setState((state) => ({ ...state })))}
      />
      <Spotlight.ActionsList id={LIST_ID} role="listbox" aria-label="Commands">
        {groups.map(([name, of]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options is no fieldset
          <div key={name} role="group" aria-label={name} className={styles['group']}>
            <h3 role="presentation">{name}</h3>
            {of.map((item) => (
              <button
                key={item.id}
                id={toElementId(item)}
                type="button"
                role="option"
                tabIndex={-1}
                className={styles['action']}
                aria-selected={item === shown[selected]}
                data-action=""
                data-selected={item === shown[selected] || undefined}
                // The focus stays in the field.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => {
                  leave();
                  item.run();
                }}
              >
                <span className={styles['label']}>{item.label}</span>
                {item.hint !== '' && <span className={styles['hint']}>{item.hint}</span>}
              </button>
            ))}
          </div>
        ))}
      </Spotlight.ActionsList>
      <p
        className={shown.length === 0 || lookup.problem !== null ? styles['none'] : 'visually-hidden'}
        role="status"
      >
        {toWords(shown.length, lookup, query)}
      </p>
    </Spotlight.Root>
  );
}

function toItems(
  { found }: Lookup,
  actions: readonly PageAction[],
  { goTo, pages, others }: ReturnType<typeof useCommands>,
  query: string,
): readonly Item[] {
  const hits = found.map(
    ({ href, label, hint }): Item => ({ id: href, group: 'Found', label, hint, run: () => goTo(href) }),
  );
  const here = actions.map(
    ({ label, press }): Item => ({ id: `page-${label}`, group: 'This page', label, hint: '', run: press }),
  );
  return [...hits, ...filterItems([...here, ...pages, ...others], query)];
}

function toElementId({ id }: Item): string {
  return `palette-${id.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}

function toWords(count: number, { isLooking, problem }: Lookup, query: string): string {
  if (isLooking) return 'Looking it up';
  if (problem !== null) return `“${query.trim()}” could not be looked up. ${problem}`;
  if (count > 0) return `${count} found`;
  return `Nothing here is called “${query.trim()}”.`;
}
