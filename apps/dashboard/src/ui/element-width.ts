import { type RefObject, useEffect, useRef, useState } from 'react';

/** Follows the width of an element, in px; 600 before it is known. */
export function useElementWidth<Kind extends HTMLElement>(): [RefObject<Kind | null>, number] {
  const element = useRef<Kind>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const found = element.current;
    if (found === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(200, Math.floor(entry.contentRect.width)));
    });
    observer.observe(found);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
