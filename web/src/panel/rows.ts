import { CANCELLABLE, type JobStatus, type TrackingJob } from '../job';
import type { Dismissed } from './panelStorage';

/** What fails stands above all that merely waits. */
export const ROW_ORDER: readonly JobStatus[] = ['processing', 'failed', 'pending', 'cancelled', 'completed'];

export function isActive(job: TrackingJob): boolean {
  return CANCELLABLE.includes(job.status);
}

/** By status as in `ROW_ORDER`. Active jobs stay in the order they came; of the ended, the newest lead. */
export function compareRows(a: TrackingJob, b: TrackingJob): number {
  return ROW_ORDER.indexOf(a.status) - ROW_ORDER.indexOf(b.status) || byTime(a, b) || (a.id < b.id ? -1 : 1);
}

function byTime(a: TrackingJob, b: TrackingJob): number {
  if (isActive(a)) {
    return (a.createdAt?.getTime() ?? Infinity) - (b.createdAt?.getTime() ?? Infinity) || 0;
  }
  return (b.completedAt?.getTime() ?? 0) - (a.completedAt?.getTime() ?? 0);
}

/** What a dismissal applies to: a run, from its waiting on, or its end. A job that ended since, or runs anew, is news. */
export function dismissalMark(job: TrackingJob): string {
  if (!isActive(job)) {
    return `${job.status}@${job.attempt}`;
  }
  // A claim counts the attempt up, and is no news.
  return `run@${job.attempt + (job.status === 'pending' ? 1 : 0)}`;
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
  if (!jobs.some(isNews)) {
    return [];
  }
  return jobs.filter((job) => isActive(job) || isNews(job)).sort(compareRows);
}
