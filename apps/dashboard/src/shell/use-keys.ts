import { useEffect, useRef, useState } from 'react';
import { useKeyMap } from './key-map.ts';
import { listenToKeys } from './keys.ts';
import { useSetting } from './preferences.ts';

/** Listens to single keys while the shell is shown; tells whether the letter of a page is awaited. */
export function useKeys(onPalette: () => void): boolean {
  const [isOn] = useSetting('keys');
  const [map] = useKeyMap();
  const [goes, setGoes] = useState(false);
  const latest = useRef({ isOn, map, onPalette });
  latest.current = { isOn, map, onPalette };
  useEffect(() => {
    const ending = new AbortController();
    listenToKeys(
      {
        isOn: () => latest.current.isOn === 'on',
        readMap: () => latest.current.map,
        onPalette: () => latest.current.onPalette(),
        onGo: setGoes,
      },
      ending.signal,
    );
    return () => ending.abort();
  }, []);
  return goes;
}
