import { useCallback, useEffect, useRef, useState } from 'react';

/** Job id -> `dismissalMark` of the job when it was dismissed. */
export type Dismissed = Readonly<Record<string, string>>;

/** The choices of a person in one project, kept in `localStorage` between visits. */
export interface StoredState {
  /** Null until the person has chosen. */
  isCollapsed: boolean | null;
  dismissed: Dismissed;
  /** Whether the panel has shown this project in this browser. */
  hasSeen: boolean;
  /** Whether the person wants a notification of the browser when jobs end. */
  notifies: boolean;
}

const NOTHING: StoredState = { isCollapsed: null, dismissed: {}, hasSeen: false, notifies: false };

export function storageKey(orgId: string, projectId: string): string {
  return `account-tracking:panel:${JSON.stringify([orgId, projectId])}`;
}

/** Read the stored state. Unreadable storage (blocked cookies, no window) or foreign content counts as nothing stored. */
export function loadStorage(key: string): StoredState {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    if (typeof stored !== 'object' || stored === null) {
      return NOTHING;
    }
    const { isCollapsed, dismissed, hasSeen, notifies } = stored as Record<string, unknown>;
    const isRecord = typeof dismissed === 'object' && dismissed !== null;
    return {
      isCollapsed: typeof isCollapsed === 'boolean' ? isCollapsed : null,
      dismissed: isRecord ? (dismissed as Dismissed) : {},
      // A panel of an earlier version stored no `hasSeen`: its failures were seen, and not dismissed.
      hasSeen: hasSeen === true || (hasSeen === undefined && isRecord),
      notifies: notifies === true,
    };
  } catch {
    return NOTHING;
  }
}

function saveStorage(key: string, state: StoredState): void {
  try {
    localStorage.setItem(key, JSON.stringify(state));
  } catch {
    // Full or blocked: the choice lasts for this visit only.
  }
}

/** Store changes, or those that a function makes from the newest state. */
export type Remember = (changes: Partial<StoredState> | ((stored: StoredState) => Partial<StoredState>)) => void;

/**
 * Hold the stored state of one project while the component lives. Changes are stored at once; changes of other tabs
 * arrive by the `storage` event. `remember` is stable, and two calls in one handler keep both changes.
 */
export function usePanelStorage(orgId: string, projectId: string): [StoredState, Remember] {
  const key = storageKey(orgId, projectId);
  const [state, setState] = useState(() => loadStorage(key));
  // A second write in the same handler must see the first one, which the state of the last render does not have.
  const latest = useRef(state);
  const keep = useCallback((next: StoredState) => {
    latest.current = next;
    setState(next);
  }, []);
  useEffect(() => {
    const onStorage = (event: StorageEvent) => {
      const isCleared = event.key === null;
      if (event.key === key || isCleared) {
        keep(loadStorage(key));
      }
    };
    addEventListener('storage', onStorage);
    return () => removeEventListener('storage', onStorage);
  }, [key, keep]);
  const remember: Remember = useCallback(
    (changes) => {
      keep({ ...latest.current, ...(typeof changes === 'function' ? changes(latest.current) : changes) });
      saveStorage(key, latest.current);
    },
    [key, keep],
  );
  return [state, remember];
}
