import { useEffect, useState } from 'react';

/** A corner of the window. Left and right change places on a page that is written from right to left. */
export type PanelPosition = 'bottom-right' | 'bottom-left';

const HOST = 'tracking-panels';

/**
 * Return the element that holds all panels of one corner, so that two of them do not cover each other. It is a child
 * of `container`, which is the page's body if null. Null before the component is mounted, as on a server.
 */
export function usePanelHost(container: HTMLElement | null, position: PanelPosition): HTMLElement | null {
  const [host, setHost] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const parent = container ?? document.body;
    const held = findHost(parent, position) ?? createHost(parent, position);
    const users = Number(held.dataset.users ?? 0);
    held.dataset.users = String(users + 1);
    setHost(held);
    return () => {
      const left = Number(held.dataset.users) - 1;
      held.dataset.users = String(left);
      if (left === 0) {
        held.remove();
      }
    };
  }, [container, position]);
  useDarkClass(host);
  return host;
}

function findHost(parent: HTMLElement, position: PanelPosition): HTMLElement | null {
  return parent.querySelector<HTMLElement>(`:scope > .${HOST}--${position}`);
}

function createHost(parent: HTMLElement, position: PanelPosition): HTMLElement {
  const host = document.createElement('div');
  host.className = `${HOST} ${HOST}--${position}`;
  parent.append(host);
  return host;
}

const DARK_SYSTEM = '(prefers-color-scheme: dark)';

/** Give the host the class of the dark colours while the page around it is dark. */
function useDarkClass(host: HTMLElement | null): void {
  useEffect(() => {
    const parent = host?.parentElement;
    if (!parent) {
      return;
    }
    // Null in jsdom, as in browserState.ts.
    const system = globalThis.matchMedia?.(DARK_SYSTEM) ?? null;
    const look = () => host.classList.toggle(`${HOST}--dark`, isDark(parent, system?.matches ?? false));
    look();
    const observer = new MutationObserver(look);
    for (let element: HTMLElement | null = parent; element; element = element.parentElement) {
      observer.observe(element, { attributes: true });
    }
    system?.addEventListener('change', look);
    return () => {
      observer.disconnect();
      system?.removeEventListener('change', look);
    };
  }, [host]);
}

/**
 * Whether an element has dark colours. A `color-scheme` of one word decides; then the nearest class or attribute of
 * the usual ones, as of Tailwind and Bootstrap; and last the system's setting.
 */
function isDark(element: HTMLElement, isSystemDark: boolean): boolean {
  const schemes = getComputedStyle(element).colorScheme.split(' ');
  if (schemes.includes('dark') !== schemes.includes('light')) {
    return schemes.includes('dark');
  }
  const marked = element.closest<HTMLElement>('.dark, .light, [data-theme], [data-bs-theme]');
  const mark = marked?.dataset.theme ?? marked?.dataset.bsTheme ?? marked?.classList.value ?? '';
  const words = mark.split(' ');
  if (words.includes('dark') !== words.includes('light')) {
    return words.includes('dark');
  }
  return isSystemDark;
}
