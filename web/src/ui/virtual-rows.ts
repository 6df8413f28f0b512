import { useEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/** The rows to draw, and the space that the others take above and below, in pixels. */
export interface VisibleRows {
  start: number;
  end: number;
  above: number;
  below: number;
}

const OVERSCAN = 8;

/** Which of `count` rows of one height are in view in the scrolling element, with a few beside them. */
export function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): VisibleRows {
  const [view, setView] = useState({ first: 0, rows: 40 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = (): void => {
      const first = Math.floor(element.scrollTop / rowHeight);
      const rows = Math.ceil(element.clientHeight / rowHeight);
      setView((before) => (before.first === first && before.rows === rows ? before : { first, rows }));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [scroller, rowHeight]);
  const start = Math.max(0, Math.min(view.first - OVERSCAN, count - 1));
  const end = Math.min(count, view.first + view.rows + OVERSCAN);
  return { start, end, above: start * rowHeight, below: Math.max(0, count - end) * rowHeight };
}
