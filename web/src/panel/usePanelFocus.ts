import { type FocusEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';

interface PanelFocus {
  /** Somebody at the keyboard is here. A click focuses, too, but whoever clicked may have gone. */
  isVisible: boolean;
  /** Send focus back to where it came from, for when the panel is put away. */
  giveBack: () => void;
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onBlur: (event: FocusEvent<HTMLElement>) => void;
}

/**
 * Keep focus where it was when the focused element goes away: on its job's row, or, with the row gone, on the panel's
 * first button. A browser drops it on the page's body, and whoever uses the keyboard starts again at the top.
 */
export function usePanelFocus(panel: RefObject<HTMLElement | null>): PanelFocus {
  const [isVisible, setIsVisible] = useState(false);
  const cameFrom = useRef<Element | null>(null);
  const focused = useRef<{ element: HTMLElement; jobId: string | undefined } | null>(null);
  // After every render: any of them may have taken the element away.
  useLayoutEffect(() => {
    if (!focused.current || isReachable(focused.current.element)) {
      return;
    }
    const { jobId } = focused.current;
    focused.current = null;
    const rows = panel.current?.querySelectorAll<HTMLElement>('[data-job]') ?? [];
    const row = [...rows].find((candidate) => candidate.dataset.job === jobId && isReachable(candidate));
    (row ?? panel.current?.querySelector('button'))?.focus();
  });
  return {
    isVisible,
    giveBack: () => {
      if (cameFrom.current instanceof HTMLElement && cameFrom.current.isConnected) {
        cameFrom.current.focus();
      }
    },
    onFocus: ({ target, currentTarget, relatedTarget }) => {
      focused.current = { element: target, jobId: target.closest<HTMLElement>('[data-job]')?.dataset.job };
      setIsVisible(target.matches(':focus-visible'));
      // Nowhere, when the window itself comes back to the front: then the place from before still holds.
      if (relatedTarget && !currentTarget.contains(relatedTarget)) {
        cameFrom.current = relatedTarget;
      }
    },
    // Leaving for elsewhere; an element that is removed tells nobody.
    onBlur: () => {
      focused.current = null;
      setIsVisible(false);
    },
  };
}

function isReachable(element: HTMLElement): boolean {
  return element.isConnected && !element.closest('[hidden]');
}
