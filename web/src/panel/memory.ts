import { useCallback, useEffect, useState } from 'react';

/** Job id to what of it was dismissed (`dismissalMark`). */
export type Dismissed = Readonly<Record<string, string>>;

/** What the panel remembers of a project between visits. */
export interface PanelMemory {
  /** Null until the person has chosen. */
  isCollapsed: boolean | null;
  dismissed: Dismissed;
}

const NOTHING: PanelMemory = { isCollapsed: null, dismissed: {} };

export function memoryKey(orgId: string, projectId: string): string {
  return `account-tracking:panel:${JSON.stringify([orgId, projectId])}`;
}

/** Anything may stand in the store, and reading it may throw (blocked cookies, no window): then nothing is remembered. */
export function loadMemory(key: string): PanelMemory {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return NOTHING;
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

function saveMemory(key: string, memory: PanelMemory): void {
  try {
    localStorage.setItem(key, JSON.stringify(memory));
  } catch {
    // Full or blocked: the choice holds for this visit.
  }
}

/** One project's memory for as long as the component lives; changes are stored at once, and other tabs follow. */
export function usePanelMemory(
  orgId: string,
  projectId: string,
): [PanelMemory, (changes: Partial<PanelMemory>) => void] {
  const key = memoryKey(orgId, projectId);
  const [memory, setMemory] = useState(() => loadMemory(key));
  useEffect(() => {
    const onStorage = (event: StorageEvent) => {
      // Without a key, everything was cleared.
      if (event.key === key || event.key === null) setMemory(loadMemory(key));
    };
    addEventListener('storage', onStorage);
    return () => removeEventListener('storage', onStorage);
  }, [key]);
  const remember = useCallback(
    (changes: Partial<PanelMemory>) => {
      const next = { ...memory, ...changes };
      setMemory(next);
      saveMemory(key, next);
    },
    [key, memory],
  );
  return [memory, remember];
}
