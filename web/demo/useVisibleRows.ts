import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

/** Rows that are drawn above and below the window, so that a scroll shows them at once. */
const SPARE_ROWS = 10;
/** The drawn rows change each time that so many rows have gone by, and not at each pixel. */
const BLOCK_ROWS = 5;
/** Until the real height is measured. */
const USUAL_ROW_PX = 60;

interface VisibleRows {
  /** The element that holds the rows, as high as all of them. */
  frame: RefObject<HTMLDivElement | null>;
  /** An element as high as one row: it grows with the text, and differs between narrow and wide pages. */
  sample: RefObject<HTMLDivElement | null>;
  rowPx: number;
  /** Drawn are the rows from `first` up to `end`, which is not one of them. */
  first: number;
  end: number;
}

/**
 * Tell which rows of a long list are in the window or near it. The page itself scrolls, and all rows are equally high.
 * So a list of thousands costs as much as one of forty.
 */
export function useVisibleRows(count: number): VisibleRows {
  const frame = useRef<HTMLDivElement>(null);
  const sample = useRef<HTMLDivElement>(null);
  const [{ rowPx, block, blocks }, setState] = useState({
    rowPx: USUAL_ROW_PX,
    block: 0,
    blocks: blocksOf(USUAL_ROW_PX),
  });

  const measure = useCallback(() => {
    const px = sample.current?.getBoundingClientRect().height || USUAL_ROW_PX;
    const above = -(frame.current?.getBoundingClientRect().top ?? 0);
    const next = { rowPx: px, block: Math.max(0, Math.floor(above / px / BLOCK_ROWS)), blocks: blocksOf(px) };
    setState((state) =>
      state.rowPx === next.rowPx && state.block === next.block && state.blocks === next.blocks ? state : next,
    );
  }, []);

  useLayoutEffect(() => {
    measure();
    const onScroll = () => flushSync(measure); // before the scrolled page is painted
    window.addEventListener('scroll', onScroll, { passive: true });
    window.addEventListener('resize', measure);
    // What stands above the list may grow, and the text of the page may.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    if (sample.current) {
      observer.observe(sample.current);
    }
    return () => {
      window.removeEventListener('scroll', onScroll);
      window.removeEventListener('resize', measure);
      observer.disconnect();
    };
  }, [measure]);

  const last = Math.max(0, Math.ceil(count / BLOCK_ROWS) - blocks); // a filter may leave less than the page has scrolled by
  const first = Math.min(block, last) * BLOCK_ROWS;
  return {
    frame,
    sample,
    rowPx,
    first: Math.max(0, first - SPARE_ROWS),
    end: Math.min(count, first + blocks * BLOCK_ROWS + SPARE_ROWS),
  };
}

/** The blocks that a window can show, and one of which only a part is to be seen. */
function blocksOf(rowPx: number): number {
  return Math.ceil(window.innerHeight / rowPx / BLOCK_ROWS) + 1;
}
