import { useCallback, useEffect, useState } from 'react';

/** Job id to what of it was dismissed (`dismissalMark`). */
export type Dismissed = Readonly<Record<string, string>>;

/** What the panel remembers of a project between visits. */
export interface StoredState {
  /** Null until the person has chosen. */
  isCollapsed: boolean | null;
  dismissed: Dismissed;
}

const NOTHING: StoredState = { isCollapsed: null, dismissed: {} };

export function storageKey(orgId: string, projectId: string): string {
  return `account-tracking:panel:${JSON.stringify([orgId, projectId])}`;
}

/** Anything may stand in the store, and reading it may throw (blocked cookies, no window): then nothing is remembered. */
export function loadStorage(key: string): StoredState {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    if (typeof stored !== 'object' || stored === null) {
      return NOTHING;
    }
    const { isCollapsed, dismissed } = stored as Record<string, unknown>;
    const isRecord = typeof dismissed === 'object' && dismissed !== null;
    return {
      isCollapsed: typeof isCollapsed === 'boolean' ? isCollapsed : null,
      dismissed: isRecord ? (dismissed as Dismissed) : {},
    };
  } catch {
    return NOTHING;
  }
}

function saveStorage(key: string, memory: StoredState): void {
  try {
    localStorage.setItem(key, JSON.stringify(memory));
  } catch {
    // Full or blocked: the choice holds for this visit.
  }
}

/** One project's memory for as long as the component lives; changes are stored at once, and other tabs follow. */
export function usePanelStorage(
  orgId: string,
  projectId: string,
): [StoredState, (changes: Partial<StoredState>) => void] {
  const key = storageKey(orgId, projectId);
  const [memory, setMemory] = useState(() => loadStorage(key));
  useEffect(() => {
    const onStorage = (event: StorageEvent) => {
      // Without a key, everything was cleared.
      if (event.key === key || event.key === null) {
        setMemory(loadStorage(key));
      }
    };
    addEventListener('storage', onStorage);
    return () => removeEventListener('storage', onStorage);
  }, [key]);
  const remember = useCallback(
    (changes: Partial<StoredState>) => {
      const next = { ...memory, ...changes };
      setMemory(next);
      saveStorage(key, next);
    },
    [key, memory],
  );
  return [memory, remember];
}
