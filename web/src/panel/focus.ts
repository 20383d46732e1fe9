import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react';

interface FocusHandlers {
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onBlur: (event: FocusEvent<HTMLElement>) => void;
}

/**
 * Keep focus where it was when the focused element goes away: on its job's row, or, with the row gone, on `fallback`.
 * A browser drops it on the page's body, and whoever uses the keyboard starts again at the top.
 */
export function useKeptFocus(
  panel: RefObject<HTMLElement | null>,
  fallback: RefObject<HTMLElement | null>,
): FocusHandlers {
  const focused = useRef<{ element: HTMLElement; jobId: string | undefined } | null>(null);
  // After every render: any of them may have taken the element away.
  useLayoutEffect(() => {
    if (!focused.current || focused.current.element.isConnected) return;
    const { jobId } = focused.current;
    focused.current = null;
    const rows = panel.current?.querySelectorAll<HTMLElement>('[data-job]') ?? [];
    const row = [...rows].find((candidate) => candidate.dataset.job === jobId);
    (row ?? fallback.current)?.focus();
  });
  return {
    onFocus: ({ target }) => {
      focused.current = { element: target, jobId: target.closest<HTMLElement>('[data-job]')?.dataset.job };
    },
    // Leaving for elsewhere; an element that is removed tells nobody.
    onBlur: () => {
      focused.current = null;
    },
  };
}
