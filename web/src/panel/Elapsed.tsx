import type { TrackingJob } from '../job';
import { useNow } from './browserState';
import { elapsedTime } from './labels';

/** The clock by which the rows count their seconds. */
export interface RowClock {
  /** Milliseconds that the page's clock is ahead of the jobs' clock. */
  skewMs: number;
  /** Time since when the list may be out of date, milliseconds since the epoch; null while it is live. */
  stoppedAt: number | null;
}

/** Show how long a job has waited, has run, or ran. Empty when the document has no start. */
export function Elapsed({ job, clock }: { job: TrackingJob; clock: RowClock }) {
  const { status, startedAt, completedAt } = job;
  if (status === 'pending') {
    // A job that was put back into the queue has waited since that change, not since its creation.
    return <Ticking since={job.updatedAt ?? job.createdAt} clock={clock} />;
  }
  if (status === 'processing') {
    return <Ticking since={startedAt} clock={clock} />;
  }
  return startedAt && completedAt ? <span>{elapsedTime(completedAt.getTime() - startedAt.getTime())}</span> : null;
}

function Ticking({ since, clock }: { since: Date | null; clock: RowClock }) {
  const now = Math.min(useNow(), clock.stoppedAt ?? Infinity);
  return since ? <span>{elapsedTime(now - clock.skewMs - since.getTime())}</span> : null;
}
