import type { TrackingJob } from '../job';
import { useNow } from './browserState';
import { runKey } from './estimate';
import { usePanelTools } from './panelContext';

/** Show a running job's progress, and how long a job has waited, will still run, or ran. */
export function Figures({ job }: { job: TrackingJob }) {
  const { words } = usePanelTools();
  return (
    <span className="tracking-panel__figures">
      <Duration job={job} />
      {job.status === 'processing' && <span className="tracking-panel__percent">{words.percent(job.progress)}</span>}
    </span>
  );
}

/** Empty when the document has no start, and for a failed job: why it failed needs the room. */
function Duration({ job }: { job: TrackingJob }) {
  const { words } = usePanelTools();
  const { status, startedAt, completedAt } = job;
  if (status === 'pending') {
    // A job that was put back into the queue has waited since that change, not since its creation.
    return <Ticking since={job.updatedAt ?? job.createdAt} />;
  }
  if (status === 'processing') {
    return <Remaining job={job} />;
  }
  return status !== 'failed' && startedAt && completedAt ? (
    <span>{words.elapsed(completedAt.getTime() - startedAt.getTime())}</span>
  ) : null;
}

function Remaining({ job }: { job: TrackingJob }) {
  const { words } = usePanelTools();
  const leftMs = useRemainingMs(job);
  if (leftMs === null || leftMs <= 0) {
    return <Ticking since={job.startedAt} />;
  }
  return <span>{words.labels.left(words.estimate(leftMs))}</span>;
}

function Ticking({ since }: { since: Date | null }) {
  const { words } = usePanelTools();
  const now = useJobsNow();
  return since ? <span>{words.elapsed(now - since.getTime())}</span> : null;
}

/** The current time by the jobs' clock, milliseconds since the epoch; it stops while the list may be out of date. */
function useJobsNow(): number {
  const { clock } = usePanelTools();
  return Math.min(useNow(), clock.stoppedAt ?? Infinity) - clock.skewMs;
}

/** The time that a running job probably still takes, in milliseconds; negative when it is late, null when unknown. */
export function useRemainingMs(job: TrackingJob): number | null {
  const { expectedEnds } = usePanelTools();
  const now = useJobsNow();
  const end = job.status === 'processing' ? expectedEnds.get(runKey(job)) : undefined;
  return end === undefined ? null : end - now;
}
