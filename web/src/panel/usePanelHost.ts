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
  useSystemScheme(host);
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

/**
 * Mark the host when the page says nothing about its colours: then the panel follows the system. A page that sets
 * `color-scheme` is followed without this, since panel.css lets the panel inherit it.
 */
function useSystemScheme(host: HTMLElement | null): void {
  useEffect(() => {
    const parent = host?.parentElement;
    if (!parent) {
      return;
    }
    const look = () =>
      host.classList.toggle(`${HOST}--system`, /^(normal)?$/.test(getComputedStyle(parent).colorScheme));
    look();
    const observer = new MutationObserver(look);
    for (const element of new Set([document.documentElement, document.body, parent])) {
      observer.observe(element, { attributes: true });
    }
    return () => observer.disconnect();
  }, [host]);
}
