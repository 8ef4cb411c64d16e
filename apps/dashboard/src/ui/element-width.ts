import { type RefCallback, useCallback, useState } from 'react';

/** Follows the width of an element, in px, also of one that takes its place; 600 before it is known. */
export function useElementWidth<Kind extends HTMLElement>(): [RefCallback<Kind>, number] {
  const [width, setWidth] = useState(600);
  const follow = useCallback((element: Kind) => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(200, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [follow, width];
}
