import { useSyncExternalStore } from 'react';

/** The page's clock, network, tab and screen, each as something that a component reads. */

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const listener of listeners) {
    listener();
  }
}

function onTick(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(tick, 1000);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
    }
  };
}

/** Milliseconds since the epoch, once a second: one timer for all who read it, none when nobody does. */
export function useNow(): number {
  return useSyncExternalStore(
    onTick,
    () => now,
    () => now,
  );
}

function onNetwork(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

export function useIsOnline(): boolean {
  return useSyncExternalStore(
    onNetwork,
    () => navigator.onLine,
    () => true,
  );
}

function onVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** Whether the tab is in front: what leaves by itself waits until somebody may have seen it. */
export function useIsPageVisible(): boolean {
  return useSyncExternalStore(
    onVisibility,
    () => document.visibilityState === 'visible',
    () => true,
  );
}

/** As in panel.css: a phone, upright or not. */
const SMALL_SCREEN = '(max-width: 480px), (max-height: 480px)';

/** Null in jsdom, in which a page's own tests may run. */
function smallScreen(): MediaQueryList | null {
  return globalThis.matchMedia?.(SMALL_SCREEN) ?? null;
}

function onScreen(listener: () => void): () => void {
  const query = smallScreen();
  query?.addEventListener('change', listener);
  return () => query?.removeEventListener('change', listener);
}

export function useIsSmallScreen(): boolean {
  return useSyncExternalStore(
    onScreen,
    () => smallScreen()?.matches ?? false,
    () => false,
  );
}
