import { type FocusEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react';

interface PanelFocus {
  /**
   * Whether the focus is in the panel and visible, as it is for a user of the keyboard. The focus after a click does
   * not count: that user may have left.
   */
  isVisible: boolean;
  /** Return the focus to the element that had it before the panel; call this when the panel is dismissed. */
  giveBack: () => void;
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onBlur: (event: FocusEvent<HTMLElement>) => void;
}

/**
 * Keep the focus in the panel when the focused element is removed: move it to the job's row or, if the row is gone,
 * to the panel's first button. Without this a browser moves it to the body, and Tab starts at the top of the page.
 */
export function usePanelFocus(panel: RefObject<HTMLElement | null>): PanelFocus {
  const [isVisible, setIsVisible] = useState(false);
  const cameFrom = useRef<Element | null>(null);
  const focused = useRef<{ element: HTMLElement; jobId: string | undefined } | null>(null);
  // After every render, since any render may remove the element.
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
      // Null when the window comes back to the front. The element that was stored before is still right then.
      if (relatedTarget && !currentTarget.contains(relatedTarget)) {
        cameFrom.current = relatedTarget;
      }
    },
    // The focus went elsewhere. An element that is removed sends no blur event.
    onBlur: () => {
      focused.current = null;
      setIsVisible(false);
    },
  };
}

function isReachable(element: HTMLElement): boolean {
  return element.isConnected && !element.closest('[hidden]');
}
