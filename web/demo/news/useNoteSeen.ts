import { useEffect } from 'react';
import type { NewsSource } from '../../src/news';
import { noteSeen } from '../../src/notificationSettings';

const LOOK_MS = 60_000;
const FIRST_MS = 10_000;

/**
 * Note while the page is in front that its user sees it, so that no mail says what the page says already. The first time
 * is after ten seconds: what the page shows is asked for before that, and a browser has few connections to the emulator.
 */
export function useNoteSeen(source: NewsSource, orgId: string, noting = noteSeen): void {
  useEffect(() => {
    const note = () => void noting(source, orgId); // which writes at most once in five minutes
    const first = setTimeout(note, FIRST_MS);
    const timer = setInterval(note, LOOK_MS);
    document.addEventListener('visibilitychange', note);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
      document.removeEventListener('visibilitychange', note);
    };
  }, [source, orgId, noting]);
}
