import { DAY_MS } from '../day';
import { CANCELLABLE, type JobStatus, type TrackingJob } from '../job';
import type { Dismissed } from './panelStorage';

/** The order of the rows by status: what needs the person comes first. */
export const ROW_ORDER: readonly JobStatus[] = ['failed', 'processing', 'pending', 'cancelled', 'completed'];

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

/** Return the mark that is stored for a cleared failure. A job that fails again has another mark, and is shown again. */
export function dismissalMark({ status, attempt }: TrackingJob): string {
  return `${status}@${attempt}`;
}

/**
 * Return the stored marks with those of `cleared`. Only failures are marked, since other ended jobs do not come back
 * by themselves; marks of jobs that are not in the list any more are dropped.
 */
export function withCleared(
  dismissed: Dismissed,
  jobs: readonly TrackingJob[],
  cleared: readonly Pick<TrackingJob, 'id'>[],
): Dismissed {
  const ids = new Set(cleared.map(({ id }) => id));
  const marked = jobs.filter((job) => job.status === 'failed' && (ids.has(job.id) || job.id in dismissed));
  return Object.fromEntries(
    marked.map((job) => [job.id, ids.has(job.id) ? dismissalMark(job) : (dismissed[job.id] ?? '')]),
  );
}

/** The facts that decide whether an ended job is listed. */
export interface RowMemory {
  /** Jobs that ended while the panel was mounted and are still listed. */
  ended: ReadonlySet<string>;
  dismissed: Dismissed;
  /** Whether this browser has shown the project before. If not, all earlier failures are history. */
  hasSeen: boolean;
  /** The time of the last snapshot, milliseconds since the epoch, by the jobs' clock. */
  nowMs: number;
}

/** Return the jobs to list, in order: active ones, those that just ended, and failures of the last day. */
export function rowsOf(jobs: readonly TrackingJob[], memory: RowMemory): readonly TrackingJob[] {
  return jobs
    .filter((job) => isActive(job) || memory.ended.has(job.id) || isOpenFailure(job, memory))
    .sort(compareRows);
}

function isOpenFailure(job: TrackingJob, { dismissed, hasSeen, nowMs }: RowMemory): boolean {
  const isRecent = nowMs - (job.completedAt?.getTime() ?? 0) < DAY_MS;
  return job.status === 'failed' && hasSeen && isRecent && dismissed[job.id] !== dismissalMark(job);
}
