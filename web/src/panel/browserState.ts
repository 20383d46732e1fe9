import { useEffect, useSyncExternalStore } from 'react';
import { isOffline } from '../errors';

/** Hooks for the page's clock, network, tab and screen. */

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

/** The page's time, milliseconds since the epoch, updated each second. All components share one timer. */
export function useNow(): number {
  return useSyncExternalStore(
    onTick,
    () => now,
    () => now,
  );
}

/** Whether a time, milliseconds since the epoch, is still to come. Renders again only when it has come. */
export function useIsBefore(time: number): boolean {
  const isBefore = () => now < time;
  return useSyncExternalStore(onTick, isBefore, isBefore);
}

/** Report the network's state after mounting and at each change. `onChange` must be stable. */
export function useNetworkChanges(onChange: (isOnline: boolean) => void): void {
  useEffect(() => {
    const report = () => onChange(!isOffline());
    report();
    addEventListener('online', report);
    addEventListener('offline', report);
    return () => {
      removeEventListener('online', report);
      removeEventListener('offline', report);
    };
  }, [onChange]);
}

function onVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** Whether the tab is in front. In the background no row may leave, since nobody has seen it. */
export function useIsPageVisible(): boolean {
  return useSyncExternalStore(
    onVisibility,
    () => document.visibilityState === 'visible',
    () => true,
  );
}

/** Media query of a phone, held upright or sideways. panel.css has the same query. */
const SMALL_SCREEN = '(max-width: 30em), (max-height: 30em)';

/** Null in jsdom, which has no `matchMedia`; a page's own tests may run there. */
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
