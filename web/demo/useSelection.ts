import { useCallback, useSyncExternalStore } from 'react';

/** Hold the open account's id in the address, so that reload and the Back button keep it. */
export function useSelection(): [string | null, (id: string | null) => void] {
  const selectedId = useSyncExternalStore(subscribe, readHash);
  const select = useCallback((id: string | null) => {
    window.location.hash = id === null ? '' : encodeURIComponent(id);
  }, []);
  return [selectedId, select];
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

function readHash(): string | null {
  try {
    return decodeURIComponent(window.location.hash.slice(1)) || null;
  } catch {
    return null; // the address ends in the middle of a %xx
  }
}
