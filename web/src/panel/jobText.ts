import { trackingJobError } from '../errors';
import { type JobStatus, PLATFORM_LABELS, PROGRESS, type TrackingJob } from '../job';
import { sentenceOf } from '../sentences';
import type { Attempted, Labels, Stage } from './labels';
import type { Feed } from './panelState';
import { ROW_ORDER } from './rows';
import type { Words } from './words';

/** Return the step that a running job is at, from its progress. */
export function stageOf(progress: number): Stage {
  if (progress >= PROGRESS.VIDEOS_SAVED) {
    return 'finishing';
  }
  if (progress >= PROGRESS.VIDEOS_FETCHED) {
    return 'savingVideos';
  }
  if (progress >= PROGRESS.ACCOUNT_SAVED) {
    return 'fetchingVideos';
  }
  return progress >= PROGRESS.ACCOUNT_FETCHED ? 'savingAccount' : 'lookingUp';
}

const ADDRESS = /^(?:https?:\/\/)?(?:www\.|m\.)?([^/\s]+\.[^/\s]+\/[^?#\s]*)/i;
const YOUTUBE_CHANNEL_ID = /^UC[\w-]{22}$/;

/** Format an account for display: `nasa` -> `@nasa`, `https://www.tiktok.com/@nasa?lang=en` -> `tiktok.com/@nasa`. */
export function accountName(username: string, { noUsername }: Labels): string {
  const typed = username.trim();
  const address = ADDRESS.exec(typed)?.[1];
  if (address) {
    return address.replace(/\/+$/, '');
  }
  if (!typed) {
    return noUsername;
  }
  return /^@|\s/.test(typed) || YOUTUBE_CHANNEL_ID.test(typed) ? typed : `@${typed}`;
}

/** Name the account and its platform: `@nasa on Instagram`. */
export function accountOn(job: TrackingJob, { labels }: Words): string {
  return labels.accountOn(accountName(job.username, labels), PLATFORM_LABELS[job.platform]);
}

/** Return a few words about what a job does or why it ended so, for its row. `useWaitReason` knows more of waiting. */
export function shortWord(job: TrackingJob, { labels }: Words): string {
  switch (job.status) {
    case 'processing':
      return labels.stages[stageOf(job.progress)];
    case 'failed':
      return (job.errorCode && (labels.reasons as Record<string, string>)[job.errorCode]) || labels.statuses.failed;
    default:
      return labels.statuses[job.status];
  }
}

/** Describe the progress bar's value for screen readers. */
export function progressInWords(job: TrackingJob, words: Words): string {
  const { statuses, stoppedAt } = words.labels;
  switch (job.status) {
    case 'processing':
      return `${shortWord(job, words)}, ${words.percent(job.progress)}`;
    case 'failed':
    case 'cancelled':
      return stoppedAt(statuses[job.status], words.percent(job.progress));
    default:
      return statuses[job.status];
  }
}

/** Whether the message only repeats the status or the stage; the sentences are those of `contracts/job.json`. */
function repeatsStatus({ message, platform }: TrackingJob): boolean {
  return message === 'Waiting to start.' || message === `Looking up the ${PLATFORM_LABELS[platform]} account.`;
}

/** Return the sentence about a job, or null when it would only repeat the status. */
export function detailOf(job: TrackingJob, { labels, locale }: Words): string | null {
  if (job.status === 'cancelled' || (job.status !== 'failed' && repeatsStatus(job))) {
    return null;
  }
  return sentenceOf(job, labels.sentences, locale) || null;
}

/**
 * Count the jobs by status, in the order of the rows: `2 running`, `1 failed`. Statuses without jobs are left out.
 * `isCut`: the list has only the newest jobs, so there may be more failed ones.
 */
export function countsOf(
  jobs: readonly TrackingJob[],
  isCut: boolean,
  { labels, number }: Words,
): readonly { status: JobStatus; words: string }[] {
  return ROW_ORDER.map((status) => ({ status, count: jobs.filter((job) => job.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => {
      const shown = `${number(count)}${isCut && status === 'failed' ? '+' : ''}`;
      return { status, words: labels.count(status, shown, count) };
    });
}

/** Return the sentence that the live region says when a job has a new status. */
export function announcementOf(job: TrackingJob, words: Words): string {
  const { changed, statuses, failed } = words.labels;
  const reason = job.status === 'failed' ? (detailOf(job, words) ?? failed) : '';
  return changed(statuses[job.status], accountOn(job, words), reason);
}

const MAX_SENTENCES = 3;

/** Join the sentences about jobs that changed together; of many, the first three are named. */
export function announcementsOf(jobs: readonly TrackingJob[], words: Words): string {
  const more = jobs.length - MAX_SENTENCES;
  const said = jobs.slice(0, MAX_SENTENCES).map((job) => announcementOf(job, words));
  return [...said, ...(more > 0 ? [words.labels.moreChanged(words.number(more), more)] : [])].join(' ');
}

/** Say what failed and why: `Could not cancel. You are offline. Try again once you are connected.` */
export function failureSentence(attempted: Attempted, error: unknown, { labels }: Words): string {
  return `${labels.couldNot[attempted]} ${labels.errorSentence(trackingJobError(error))}`;
}

/** Say why the list may be out of date; null when it is live, and after a failure, which has its own sentence. */
export function connectionSentence(feed: Feed, isOnline: boolean, { labels }: Words): string | null {
  if (feed.status !== 'watching') {
    return null;
  }
  if (!isOnline) {
    return labels.offline;
  }
  return feed.connection === 'reconnecting' ? labels.reconnecting : null;
}
