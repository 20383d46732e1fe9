import { useEffect, useRef } from 'react';
import { connectionSentence, failureSentence } from './jobText';
import { PanelButton } from './PanelButton';
import { usePanelTools } from './panelContext';
import type { Feed } from './panelState';

/** Pause before "Connected again." is announced. If the connection breaks again meanwhile, nothing is announced. */
const STEADY_MS = 1_000;

interface NoticeProps {
  feed: Feed;
  isOnline: boolean;
  onTryAgain: () => void;
}

/** Show why the list may be out of date: the listener failed, there is no network, or the listener reconnects. */
export function Notice({ feed, isOnline, onTryAgain }: NoticeProps) {
  const { words, announce } = usePanelTools();
  const { connected, trying, tryAgain } = words.labels;
  const doubt = connectionSentence(feed, isOnline, words);
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
    // Wait: the first snapshot after the reconnection announces the jobs' changes, which should be heard first.
    const timer = setTimeout(() => {
      wasShown.current = false;
      announce(connected);
    }, STEADY_MS);
    return () => clearTimeout(timer);
  }, [isShown, announce, connected]);

  if (feed.status !== 'failed') {
    return doubt && <p className="tracking-panel__notice">{doubt}</p>;
  }
  return (
    <div className="tracking-panel__notice tracking-panel__notice--failed">
      <p role="alert">{failureSentence('load', feed.error, words)}</p>
      <PanelButton isBusy={feed.isTryingAgain} onClick={onTryAgain}>
        {feed.isTryingAgain ? trying : tryAgain}
      </PanelButton>
    </div>
  );
}
