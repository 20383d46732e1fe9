import { useEffect } from 'react';
import { useIsOnline } from './surroundings';
import type { ProjectJobs } from './useProjectJobs';
import { failureSentence } from './wording';

interface NoticeProps {
  feed: ProjectJobs;
  onTryAgain: () => void;
  announce: (sentence: string) => void;
}

/** What stands between the list and the truth: a listener that is over, no network, a connection that is being made. */
export function Notice({ feed, onTryAgain, announce }: NoticeProps) {
  const sentence = useDoubt(feed);
  useEffect(() => {
    if (sentence) announce(sentence);
  }, [sentence, announce]);

  if (feed.status !== 'failed') return sentence && <p className="tracking-panel__notice">{sentence}</p>;
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
function useDoubt(feed: ProjectJobs): string | null {
  const isOnline = useIsOnline();
  if (feed.status !== 'watching') return null;
  if (!isOnline) return 'Offline. Showing the last known state.';
  return feed.connection === 'reconnecting' ? 'Reconnecting…' : null;
}
