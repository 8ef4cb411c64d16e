import { useMantineColorScheme } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import { usePause } from '../../data/live-context.ts';
import { PAGES } from '../navigation.ts';
import { useSetting } from '../preferences.ts';
import { useSignOut } from '../sign-out.ts';
import type { Item } from './items.ts';

/** What the palette offers on every page. */
export type Commands = {
  readonly goTo: (href: string) => void;
  readonly pages: readonly Item[];
  readonly others: readonly Item[];
};

const SCHEMES = [
  ['auto', 'Theme: as the system has it'],
  ['light', 'Theme: light'],
  ['dark', 'Theme: dark'],
] as const;

/** Returns what the palette offers on every page: the pages themselves, and what concerns all of them. */
export function useCommands(): Commands {
  const { history } = useRouter();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [zone, setZone] = useSetting('zone');
  const [density, setDensity] = useSetting('density');
  const [isPaused, togglePause] = usePause();
  const signOut = useSignOut();
  const goTo = (href: string) => history.push(href);

  const pages = PAGES.map(
    ({ to, name, key }): Item => ({
      id: to,
      group: 'Go to',
      label: name,
      hint: `g ${key}`,
      run: () => goTo(to),
    }),
  );
  const toDo = (id: string, label: string, run: () => void, hint = ''): Item => ({
    id,
    group: 'Do',
    label,
    hint,
    run,
  });
  return {
    goTo,
    pages: [
      ...pages,
      {
        id: 'board',
        group: 'Go to',
        label: 'Bull Board',
        hint: 'new tab',
        run: () => openTab('/admin/queues'),
      },
      { id: 'docs', group: 'Go to', label: 'API reference', hint: 'new tab', run: () => openTab('/docs') },
    ],
    others: [
      toDo('pause', isPaused ? 'Let the page go on' : 'Pause the page', togglePause, 'p'),
      toDo(
        'zone',
        zone === 'utc' ? 'Tell times in local time' : 'Tell times in UTC',
        () => setZone(zone === 'utc' ? 'local' : 'utc'),
        'u',
      ),
      ...SCHEMES.filter(([scheme]) => scheme !== colorScheme).map(([scheme, label]) =>
        toDo(`scheme-${scheme}`, label, () => setColorScheme(scheme)),
      ),
      toDo('density', density === 'compact' ? 'Rows: comfortable' : 'Rows: compact', () =>
        setDensity(density === 'compact' ? 'comfortable' : 'compact'),
      ),
      ...(signOut === null ? [] : [toDo('sign-out', 'Sign out', signOut)]),
    ],
  };
}

function openTab(href: string): void {
  window.open(href, '_blank', 'noreferrer');
}
