import { useCallback, useEffect, useReducer, useState } from 'react';
import { type TrackingJobError, trackingJobError } from '../errors';
import type { TrackingJob } from '../job';
import type { Connection, JobSource, Unsubscribe } from '../service';

export type ProjectJobs =
  | { status: 'connecting' }
  | { status: 'watching'; jobs: readonly TrackingJob[]; connection: Connection }
  /** The listener is over; `jobs` is the last that was known. */
  | { status: 'failed'; jobs: readonly TrackingJob[]; error: TrackingJobError; isTryingAgain: boolean };

type FeedEvent =
  | { type: 'subscribed' }
  | { type: 'jobs'; jobs: readonly TrackingJob[]; connection: Connection }
  | { type: 'error'; error: TrackingJobError };

function feedAfter(feed: ProjectJobs, event: FeedEvent): ProjectJobs {
  switch (event.type) {
    case 'subscribed':
      if (feed.status === 'watching') {
        return { ...feed, connection: 'reconnecting' };
      }
      return feed.status === 'failed' ? { ...feed, isTryingAgain: true } : feed;
    case 'jobs':
      return { status: 'watching', jobs: event.jobs, connection: event.connection };
    case 'error':
      return { status: 'failed', jobs: knownJobs(feed), error: event.error, isTryingAgain: false };
  }
}

export function knownJobs(feed: ProjectJobs): readonly TrackingJob[] {
  return feed.status === 'connecting' ? [] : feed.jobs;
}

/**
 * Watch a project's jobs. `onJobs` gets every snapshot, also those that React renders together, and must be stable.
 * Returns the feed and a function that begins a new listener after a failure. The last known jobs outlive the
 * listener: give the component a key to forget them.
 */
export function useProjectJobs(
  source: JobSource,
  orgId: string,
  projectId: string,
  onJobs: (jobs: readonly TrackingJob[], connection: Connection) => void,
): [ProjectJobs, () => void] {
  const [feed, tell] = useReducer(feedAfter, { status: 'connecting' });
  const [listener, setListener] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies(listener): a new number asks for a new listener
  useEffect(() => {
    let isOver = false;
    let unsubscribe: Unsubscribe | undefined;
    const onSnapshot = (jobs: readonly TrackingJob[], connection: Connection) => {
      if (isOver) {
        return;
      }
      tell({ type: 'jobs', jobs, connection });
      onJobs(jobs, connection);
    };
    const onError = (error: TrackingJobError) => {
      if (!isOver) {
        tell({ type: 'error', error });
      }
    };
    tell({ type: 'subscribed' });
    try {
      unsubscribe = source.watchProjectJobs(orgId, projectId, onSnapshot, onError);
    } catch (error) {
      // Refused at once, such as for an empty id: the panel says so, and the page around it lives.
      onError(trackingJobError(error));
    }
    return () => {
      isOver = true;
      unsubscribe?.();
    };
  }, [source, orgId, projectId, onJobs, listener]);
  const tryAgain = useCallback(() => setListener((number) => number + 1), []);
  return [feed, tryAgain];
}
