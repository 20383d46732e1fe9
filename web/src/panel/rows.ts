import { CANCELLABLE, type JobStatus, type TrackingJob } from '../job';
import type { Dismissed } from './panelStorage';

/** The order of the rows by status: a failed job stands above those that only wait. */
export const ROW_ORDER: readonly JobStatus[] = ['processing', 'failed', 'pending', 'cancelled', 'completed'];

export function isActive(job: TrackingJob): boolean {
  return CANCELLABLE.includes(job.status);
}

/** Compare by `ROW_ORDER`. Active jobs then stand oldest first, ended ones newest first. */
export function compareRows(a: TrackingJob, b: TrackingJob): number {
  return ROW_ORDER.indexOf(a.status) - ROW_ORDER.indexOf(b.status) || byTime(a, b) || (a.id < b.id ? -1 : 1);
}

function byTime(a: TrackingJob, b: TrackingJob): number {
  if (isActive(a)) {
    return (a.createdAt?.getTime() ?? Infinity) - (b.createdAt?.getTime() ?? Infinity) || 0;
  }
  return (b.completedAt?.getTime() ?? 0) - (a.completedAt?.getTime() ?? 0);
}

/**
 * Return the mark that a dismissal stores for a job. An active job has the mark of its run, which begins with the
 * waiting. A finished job has the mark of its end. If the mark differs from the stored one, the job has ended or was
 * started again since then, and the panel shows it again.
 */
export function dismissalMark(job: TrackingJob): string {
  if (!isActive(job)) {
    return `${job.status}@${job.attempt}`;
  }
  // A claim raises `attempt` by one, so a waiting job already has the mark of its coming run.
  return `run@${job.attempt + (job.status === 'pending' ? 1 : 0)}`;
}

function isDismissed(job: TrackingJob, dismissed: Dismissed): boolean {
  return dismissed[job.id] === dismissalMark(job);
}

/** Return the marks to store when the panel is dismissed. These jobs are shown again only after they change. */
export function dismissalOf(jobs: readonly TrackingJob[]): Dismissed {
  const lasting = jobs.filter((job) => isActive(job) || job.status === 'failed');
  return Object.fromEntries(lasting.map((job) => [job.id, dismissalMark(job)]));
}

/**
 * Return the jobs to list, in order; none when all were dismissed. `ended` holds the ids of jobs that ended while the
 * panel was mounted. One new job brings back every active job, so that the counts are right.
 */
export function rowsOf(
  jobs: readonly TrackingJob[],
  ended: ReadonlySet<string>,
  dismissed: Dismissed,
): readonly TrackingJob[] {
  const isNews = (job: TrackingJob) =>
    ended.has(job.id) || ((isActive(job) || job.status === 'failed') && !isDismissed(job, dismissed));
  if (!jobs.some(isNews)) {
    return [];
  }
  return jobs.filter((job) => isActive(job) || isNews(job)).sort(compareRows);
}
