import type { TrackingJob } from '../job';
import { useNow } from './surroundings';
import { duration } from './wording';

/** How long a job has waited, runs, or ran. Nothing where the document does not say. */
export function Elapsed({ job }: { job: TrackingJob }) {
  const { status, startedAt, completedAt } = job;
  if (status === 'pending') {
    // A job that came back into the queue has waited since then, not since it was made.
    return <Ticking since={job.updatedAt ?? job.createdAt} />;
  }
  if (status === 'processing') return <Ticking since={startedAt} />;
  return startedAt && completedAt ? <span>{duration(completedAt.getTime() - startedAt.getTime())}</span> : null;
}

function Ticking({ since }: { since: Date | null }) {
  const now = useNow();
  return since ? <span>{duration(now - since.getTime())}</span> : null;
}
