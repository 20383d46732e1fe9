import { useIsOnline } from './surroundings';
import type { ProjectJobs } from './useProjectJobs';
import { failureSentence } from './wording';

/** What stands between the list and the truth: a listener that is over, no network, a connection that is being made. */
export function Notice({ feed, onTryAgain }: { feed: ProjectJobs; onTryAgain: () => void }) {
  const isOnline = useIsOnline();
  if (feed.status === 'failed') {
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
  if (!isOnline) return <p className="tracking-panel__notice">Offline. Showing the last known state.</p>;
  if (feed.status === 'watching' && feed.connection === 'reconnecting') {
    return <p className="tracking-panel__notice">Reconnecting…</p>;
  }
  return null;
}
