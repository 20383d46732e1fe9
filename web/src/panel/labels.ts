import { trackingJobError } from '../errors';
import { type JobStatus, PLATFORM_LABELS, PROGRESS, type TrackingJob } from '../job';
import type { Feed } from './panelState';
import { ROW_ORDER } from './rows';

export const STATUS_WORDS: Readonly<Record<JobStatus, string>> = {
  pending: 'Waiting',
  processing: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** Name the step that a running job is at, from its progress. */
export function stageOf(progress: number): string {
  if (progress >= PROGRESS.VIDEOS_SAVED) {
    return 'Finishing';
  }
  if (progress >= PROGRESS.VIDEOS_FETCHED) {
    return 'Saving videos';
  }
  if (progress >= PROGRESS.ACCOUNT_SAVED) {
    return 'Fetching videos';
  }
  if (progress >= PROGRESS.ACCOUNT_FETCHED) {
    return 'Saving account';
  }
  return 'Looking up account';
}

const ADDRESS = /^(?:https?:\/\/)?(?:www\.|m\.)?([^/\s]+\.[^/\s]+\/[^?#\s]*)/i;
const YOUTUBE_CHANNEL_ID = /^UC[\w-]{22}$/;

/** Format an account for display: `nasa` -> `@nasa`, `https://www.tiktok.com/@nasa?lang=en` -> `tiktok.com/@nasa`. */
export function accountName(username: string): string {
  const typed = username.trim();
  const address = ADDRESS.exec(typed)?.[1];
  if (address) {
    return address.replace(/\/+$/, '');
  }
  if (!typed) {
    return 'No username';
  }
  return /^@|\s/.test(typed) || YOUTUBE_CHANNEL_ID.test(typed) ? typed : `@${typed}`;
}

/** Name the account and its platform: `@nasa on Instagram`. */
export function accountOn(job: TrackingJob): string {
  return `${accountName(job.username)} on ${PLATFORM_LABELS[job.platform]}`;
}

/** Format milliseconds: `12 s`, `1 min 12 s`, `1 h 5 min`. Negative ones, from a slow clock, are `0 s`. */
export function elapsedTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) {
    return `${seconds} s`;
  }
  if (minutes < 60) {
    return `${minutes} min ${seconds % 60} s`;
  }
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Describe the progress bar's value for screen readers. */
export function progressInWords(job: TrackingJob): string {
  switch (job.status) {
    case 'pending':
      return 'Waiting';
    case 'processing':
      return `${stageOf(job.progress)}, ${job.progress} %`;
    case 'completed':
      return 'Completed';
    case 'failed':
    case 'cancelled':
      return `${STATUS_WORDS[job.status]} at ${job.progress} %`;
  }
}

/** Whether the message only repeats the status or the stage; the sentences are those of `contracts/job.json`. */
function repeatsStatus({ message, platform }: TrackingJob): boolean {
  return message === 'Waiting to start.' || message === `Looking up the ${PLATFORM_LABELS[platform]} account.`;
}

/** Return the line under the bar, or null when it would only repeat the status. */
export function detailOf(job: TrackingJob): string | null {
  switch (job.status) {
    case 'failed':
      return job.error || job.message || 'Tracking this account failed.';
    case 'cancelled':
      return null;
    default:
      return repeatsStatus(job) ? null : job.message || null;
  }
}

/** Count the jobs by status, in the order of the rows: `2 running`, `1 failed`. Statuses without jobs are left out. */
export function countsOf(jobs: readonly TrackingJob[]): readonly { status: JobStatus; words: string }[] {
  return ROW_ORDER.map((status) => ({ status, count: jobs.filter((job) => job.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => ({ status, words: `${count} ${STATUS_WORDS[status].toLowerCase()}` }));
}

/** Return the sentence that the live region says when a job has a new status. */
export function announcementOf(job: TrackingJob): string {
  const reason = job.status === 'failed' ? ` ${detailOf(job)}` : '';
  return `${STATUS_WORDS[job.status]}: ${accountOn(job)}.${reason}`;
}

/** Say what failed and why: `Could not cancel. You are offline. Try again once you are connected.` */
export function failureSentence(attempted: string, error: unknown): string {
  return `Could not ${attempted}. ${trackingJobError(error).message}`;
}

/** Say why the list may be out of date; null when it is live, and after a failure, which has its own sentence. */
export function connectionSentence(feed: Feed, isOnline: boolean): string | null {
  if (feed.status !== 'watching') {
    return null;
  }
  if (!isOnline) {
    return 'Offline. Showing the last known state.';
  }
  return feed.connection === 'reconnecting' ? 'Reconnecting…' : null;
}
