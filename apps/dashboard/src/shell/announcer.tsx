import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { type Announcements, createAnnouncements } from './announcements.ts';
import { useSetting } from './preferences.ts';

const AnnounceContext = createContext<Announcements['tell']>(() => undefined);

/** Returns how to tell screen readers what happens, without moving the focus; at most one message in 10 s is said. */
export function useAnnounce(): Announcements['tell'] {
  return useContext(AnnounceContext);
}

/** Holds the page's one polite status, which is there from the start; a person can switch it off. */
export function Announcer({ children }: { readonly children: React.ReactNode }) {
  const [isOn] = useSetting('announcements');
  const [message, setMessage] = useState('');
  const announcements = useRef<Announcements | null>(null);
  useEffect(() => {
    // The same words are read out again only where something differs.
    const created = createAnnouncements((next) => {
      // What was told before the tab was left is no news any more.
      if (document.visibilityState !== 'visible') return;
      setMessage((before) => (before === next ? `${next}\u00a0` : next));
    });
    announcements.current = isOn === 'on' ? created : null;
    return () => created.close();
  }, [isOn]);
  const tell = useCallback<Announcements['tell']>((topic, text) => {
    // Who looks at another tab is told what happens there.
    if (document.visibilityState === 'visible') announcements.current?.tell(topic, text);
  }, []);
  return (
    <AnnounceContext value={tell}>
      {children}
      <p className="visually-hidden" role="status" data-announcer="">
        {message}
      </p>
    </AnnounceContext>
  );
}
