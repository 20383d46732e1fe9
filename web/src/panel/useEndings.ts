import { useEffect, useRef } from 'react';
import type { TrackingJob } from '../job';

/** The events that a page may hear about jobs that end. */
export interface EndingCallbacks {
  /**
   * Called once for each job that becomes completed while the panel is mounted. Jobs that were completed before are
   * not reported: the page lists their accounts already.
   */
  onJobCompleted?: ((accountId: string) => void) | undefined;
  /** Called once for each attempt of a job that fails while the panel is mounted. */
  onJobFailed?: ((job: TrackingJob) => void) | undefined;
}

/** Report each ending once, even when React runs an effect twice. `onEnded` gets those of one moment together. */
export function useEndings(
  endings: ReadonlyMap<string, TrackingJob>,
  callbacks: EndingCallbacks,
  onEnded: (jobs: readonly TrackingJob[]) => void,
): void {
  const latest = useRef({ ...callbacks, onEnded });
  const reported = useRef(new Set<string>());
  useEffect(() => {
    latest.current = { ...callbacks, onEnded };
  });
  useEffect(() => {
    const news = [...endings].filter(([key]) => !reported.current.has(key));
    for (const [key, job] of news) {
      reported.current.add(key);
      const { onJobCompleted, onJobFailed } = latest.current;
      const { status, accountId } = job;
      if (status === 'completed' && accountId) {
        callPage(() => onJobCompleted?.(accountId));
      }
      if (status === 'failed') {
        callPage(() => onJobFailed?.(job));
      }
    }
    const ended = news.map(([, job]) => job).filter(({ status }) => status !== 'cancelled');
    if (ended.length > 0) {
      latest.current.onEnded(ended);
    }
  }, [endings]);
}

/** Call the page's code. What it throws becomes an uncaught error of the page; the panel goes on. */
export function callPage(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
