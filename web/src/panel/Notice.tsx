import { useEffect, useRef } from 'react';
import { useIsOnline } from './browserState';
import { failureSentence } from './labels';
import type { ProjectJobs } from './useProjectJobs';

/** A connection that comes and goes is not announced each time. */
const STEADY_MS = 1_000;

interface NoticeProps {
  feed: ProjectJobs;
  /** See `useDoubt`. */
  doubt: string | null;
  onTryAgain: () => void;
  announce: (sentence: string) => void;
}

/** What stands between the list and the truth: a listener that is over, no network, a connection that is being made. */
export function Notice({ feed, doubt, onTryAgain, announce }: NoticeProps) {
  const isShown = doubt !== null || feed.status === 'failed';
  const wasShown = useRef(false);
  useEffect(() => {
    if (doubt) {
      announce(doubt);
    }
  }, [doubt, announce]);
  useEffect(() => {
    if (isShown) {
      wasShown.current = true;
    }
    if (isShown || !wasShown.current) {
      return;
    }
    // Not at once, for the same moment announces what changed meanwhile.
    const timer = setTimeout(() => {
      wasShown.current = false;
      announce('Connected again.');
    }, STEADY_MS);
    return () => clearTimeout(timer);
  }, [isShown, announce]);

  if (feed.status !== 'failed') {
    return doubt && <p className="tracking-panel__notice">{doubt}</p>;
  }
  return (
    <div className="tracking-panel__notice tracking-panel__notice--failed">
      <p role="alert">{failureSentence('load the jobs', feed.error)}</p>
      <button
        type="button"
        className="tracking-panel__action"
        aria-disabled={feed.isTryingAgain}
        onClick={() => !feed.isTryingAgain && onTryAgain()}
      >
        {feed.isTryingAgain ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

/** Why what is shown may be old, in words; null when it is live, and when there is a failure, which says more. */
export function useDoubt(feed: ProjectJobs): string | null {
  const isOnline = useIsOnline();
  if (feed.status !== 'watching') {
    return null;
  }
  if (!isOnline) {
    return 'Offline. Showing the last known state.';
  }
  return feed.connection === 'reconnecting' ? 'Reconnecting…' : null;
}
