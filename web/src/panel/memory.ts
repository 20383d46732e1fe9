import { useCallback, useState } from 'react';

/** Job id to what of it was dismissed (`dismissalMark`). */
export type Dismissed = Readonly<Record<string, string>>;

/** What the panel remembers of a project between visits. */
export interface PanelMemory {
  isCollapsed: boolean;
  dismissed: Dismissed;
}

const NOTHING: PanelMemory = { isCollapsed: false, dismissed: {} };

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
    return { isCollapsed: isCollapsed === true, dismissed: isRecord ? (dismissed as Dismissed) : {} };
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

/** One project's memory for as long as the component lives; changes are stored at once. */
export function usePanelMemory(
  orgId: string,
  projectId: string,
): [PanelMemory, (changes: Partial<PanelMemory>) => void] {
  const key = memoryKey(orgId, projectId);
  const [memory, setMemory] = useState(() => loadMemory(key));
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
