import { focusManager } from '@tanstack/react-query';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { type ComponentType, useCallback, useEffect, useRef, useState } from 'react';
import { usePause } from '../data/live-context.ts';
import { ZoneContext } from '../ui/time.tsx';
import { Announcer } from './announcer.tsx';
import { GoHint } from './go-hint.tsx';
import { Help } from './help.tsx';
import { LiveAnnouncements } from './live-announcements.tsx';
import { useSetting } from './preferences.ts';
import { SessionExpiry } from './session-expiry.tsx';
import styles from './shell.module.css';
import { SideBar } from './side-bar.tsx';
import { TopBar } from './top-bar.tsx';
import { UpLink } from './up-link.tsx';
import { useKeys } from './use-keys.ts';

/** What stands around every page: where one is, how the last hour went, how old the page is. */
export function Shell() {
  const [zone] = useSetting('zone');
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const palette = usePalette();
  const goes = useKeys(palette.open);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useRef<HTMLElement>(null);
  useDensity();
  useStandstill();
  useFocusOnPage(path, main);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu, whatever its path is
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <ZoneContext value={zone}>
      <Announcer>
        <LiveAnnouncements />
        <a className={styles['skip']} href="#page">
          Skip to the page
        </a>
        <div className={styles['shell']} data-menu={isMenuOpen ? 'open' : 'closed'}>
          <TopBar
            isMenuOpen={isMenuOpen}
            onMenu={() => setMenuOpen(!isMenuOpen)}
            onPalette={palette.open}
            onHelp={() => setHelpOpen(true)}
          />
          <SideBar />
          <main id="page" ref={main} className={styles['page']} tabIndex={-1}>
            <SessionExpiry />
            <UpLink />
            <Outlet />
          </main>
        </div>
        {goes && <GoHint />}
        <Help opened={isHelpOpen} onClose={() => setHelpOpen(false)} />
        {palette.Palette !== null && <palette.Palette request={palette.request} />}
      </Announcer>
    </ZoneContext>
  );
}

/** The palette is loaded when it is first asked for; until then there is none. */
function usePalette() {
  const [Palette, setPalette] = useState<ComponentType<{ readonly request: number }> | null>(null);
  const [request, setRequest] = useState(0);
  const open = useCallback(() => {
    setRequest((before) => before + 1);
    import('./palette/palette.tsx').then(
      (loaded) => setPalette(() => loaded.Palette),
      // The connection is lost, which the top bar says; the next press asks again.
      () => undefined,
    );
  }, []);
  return { Palette, request, open };
}

function useDensity(): void {
  const [density] = useSetting('density');
  useEffect(() => {
    document.documentElement.dataset['density'] = density;
  }, [density]);
}

/** While the page is paused nothing is asked for again by itself. */
function useStandstill(): void {
  const [isPaused] = usePause();
  useEffect(() => {
    focusManager.setFocused(isPaused ? false : undefined);
    return () => focusManager.setFocused(undefined);
  }, [isPaused]);
}

/** Brings the focus to a new page, but leaves it in the navigation, where somebody looks for one. */
function useFocusOnPage(path: string, main: React.RefObject<HTMLElement | null>): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.activeElement?.closest('#navigation') === null) main.current?.focus({ preventScroll: true });
  }, [path, main]);
}
