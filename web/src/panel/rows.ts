import { CANCELLABLE, type JobStatus, type TrackingJob } from '../job';
import type { Dismissed } from './memory';

const ORDER: Readonly<Record<JobStatus, number>> = { processing: 0, pending: 1, failed: 2, cancelled: 3, completed: 4 };

export function isActive(job: TrackingJob): boolean {
  return CANCELLABLE.includes(job.status);
}

/** Running, waiting, failed, cancelled, completed. Active jobs stay in the order they came; of the ended, the newest lead. */
export function compareRows(a: TrackingJob, b: TrackingJob): number {
  return ORDER[a.status] - ORDER[b.status] || byTime(a, b) || (a.id < b.id ? -1 : 1);
}

function byTime(a: TrackingJob, b: TrackingJob): number {
  if (isActive(a)) return (a.createdAt?.getTime() ?? Infinity) - (b.createdAt?.getTime() ?? Infinity) || 0;
  return (b.completedAt?.getTime() ?? 0) - (a.completedAt?.getTime() ?? 0);
}

/** What a dismissal applies to: a job that has begun to run again, or has ended since, is news. */
export function dismissalMark(job: TrackingJob): string {
  return isActive(job) ? 'active' : `${job.status}@${job.attempt}`;
}

function isDismissed(job: TrackingJob, dismissed: Dismissed): boolean {
  return dismissed[job.id] === dismissalMark(job);
}

/** What is remembered when the panel is dismissed now: nothing of it brings the panel back, until it changes. */
export function dismissalOf(jobs: readonly TrackingJob[]): Dismissed {
  const lasting = jobs.filter((job) => isActive(job) || job.status === 'failed');
  return Object.fromEntries(lasting.map((job) => [job.id, dismissalMark(job)]));
}

/**
 * The jobs to list, in order; none when there is nothing that was not dismissed. `ended`: those that ended in this
 * visit. Once something is new, every active job is listed with it, so that the counts are true.
 */
export function rowsOf(
  jobs: readonly TrackingJob[],
  ended: ReadonlySet<string>,
  dismissed: Dismissed,
): readonly TrackingJob[] {
  const isNews = (job: TrackingJob) =>
    ended.has(job.id) || ((isActive(job) || job.status === 'failed') && !isDismissed(job, dismissed));
  if (!jobs.some(isNews)) return [];
  return jobs.filter((job) => isActive(job) || isNews(job)).sort(compareRows);
}
