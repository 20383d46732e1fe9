import type { TrackingJob } from '../job';
import { useNow } from './browserState';
import { duration } from './labels';

/** What a row counts its seconds by. */
export interface RowClock {
  /** How far the page's clock is ahead of the jobs'. */
  aheadMs: number;
  /** Since when nothing is known of the jobs, milliseconds since the epoch; null while all is live. */
  stoppedAt: number | null;
}

/** How long a job has waited, runs, or ran. Nothing where the document does not say. */
export function Elapsed({ job, clock }: { job: TrackingJob; clock: RowClock }) {
  const { status, startedAt, completedAt } = job;
  if (status === 'pending') {
    // A job that came back into the queue has waited since then, not since it was made.
    return <Ticking since={job.updatedAt ?? job.createdAt} clock={clock} />;
  }
  if (status === 'processing') {
    return <Ticking since={startedAt} clock={clock} />;
  }
  return startedAt && completedAt ? <span>{duration(completedAt.getTime() - startedAt.getTime())}</span> : null;
}

function Ticking({ since, clock }: { since: Date | null; clock: RowClock }) {
  const now = Math.min(useNow(), clock.stoppedAt ?? Infinity);
  return since ? <span>{duration(now - clock.aheadMs - since.getTime())}</span> : null;
}
