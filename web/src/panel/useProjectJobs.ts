import { type Dispatch, useEffect } from 'react';
import { type TrackingJobError, trackingJobError } from '../errors';
import type { TrackingJob } from '../job';
import type { Connection, JobSource, Unsubscribe } from '../service';
import type { PanelAction } from './panelState';

/**
 * Watch a project's jobs and dispatch every snapshot and failure. A new `listener` number starts a new listener. The
 * last known jobs stay when the listener is replaced. To forget them, give the component another key.
 */
export function useProjectJobs(
  source: JobSource,
  orgId: string,
  projectId: string,
  listener: number,
  dispatch: Dispatch<PanelAction>,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies(listener): a new number asks for a new listener
  useEffect(() => {
    let isOver = false;
    let unsubscribe: Unsubscribe | undefined;
    const onJobs = (jobs: readonly TrackingJob[], connection: Connection) => {
      if (!isOver) {
        dispatch({ type: 'jobsReceived', jobs, connection, at: Date.now() });
      }
    };
    const onError = (error: TrackingJobError) => {
      if (!isOver) {
        dispatch({ type: 'listenerFailed', error, at: Date.now() });
      }
    };
    dispatch({ type: 'subscribed', at: Date.now() });
    try {
      unsubscribe = source.watchProjectJobs(orgId, projectId, onJobs, onError);
    } catch (error) {
      // A source may throw at once, as for an empty id. The panel shows the error, and the page around it goes on.
      onError(trackingJobError(error));
    }
    return () => {
      isOver = true;
      unsubscribe?.();
    };
  }, [source, orgId, projectId, dispatch, listener]);
}
