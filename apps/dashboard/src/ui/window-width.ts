import { useSyncExternalStore } from 'react';

/** Follows the width of the window, in px: what does not fit is left out or moved, not squeezed. */
export function useWindowWidth(): number {
  return useSyncExternalStore(subscribeToResize, () => window.innerWidth);
}

function subscribeToResize(listener: () => void): () => void {
  window.addEventListener('resize', listener);
  return () => window.removeEventListener('resize', listener);
}
