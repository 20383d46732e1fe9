import { useEffect, useRef } from 'react';
import { connectionSentence, failureSentence } from './labels';
import type { Feed } from './panelState';

/** Pause before "Connected again." is announced, so that an unsteady connection does not announce it each time. */
const STEADY_MS = 1_000;

interface NoticeProps {
  feed: Feed;
  isOnline: boolean;
  onTryAgain: () => void;
  announce: (sentence: string) => void;
}

/** Tell why the list may be out of date: the listener failed, there is no network, or it reconnects. */
export function Notice({ feed, isOnline, onTryAgain, announce }: NoticeProps) {
  const doubt = connectionSentence(feed, isOnline);
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
    // Not at once: the snapshot that ends the doubt announces the changes of the jobs first.
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
