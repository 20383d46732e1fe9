/**
 * The tracking job as a front end sees it. `contracts/job.json` is the description that Python shares; a test holds
 * this module to it.
 */

export const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof STATUSES)[number];

/** Terminal statuses are final, but for a user's retry. */
export const FINISHED: readonly JobStatus[] = ['completed', 'failed', 'cancelled'];
export const CANCELLABLE: readonly JobStatus[] = ['pending', 'processing'];
export const RETRYABLE: readonly JobStatus[] = ['failed', 'cancelled'];

export const PLATFORMS = ['instagram', 'tiktok', 'youtube', 'twitter'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** How people write the platforms' names. */
export const PLATFORM_LABELS: Readonly<Record<Platform, string>> = {
  instagram: 'Instagram',
  tiktok: 'TikTok',
  youtube: 'YouTube',
  twitter: 'X',
};

export const ACCOUNT_TYPES = ['my', 'competitor'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** What a job has behind it, in per cent. */
export const PROGRESS = {
  CREATED: 0,
  ACCOUNT_FETCHED: 30,
  ACCOUNT_SAVED: 50,
  VIDEOS_FETCHED: 70,
  VIDEOS_SAVED: 100,
} as const;

export const MAX_USERNAME_LENGTH = 100;
export const MAX_ID_LENGTH = 128;

/** `trackingJobs/{id}`. Null where the document does not say. */
export interface TrackingJob {
  id: string;
  orgId: string;
  projectId: string;
  userId: string;
  /** As typed. */
  username: string;
  platform: Platform;
  accountType: AccountType;
  status: JobStatus;
  /** 0 to 100. */
  progress: number;
  /** A sentence for a person. */
  message: string;
  createdAt: Date | null;
  startedAt: Date | null;
  completedAt: Date | null;
  updatedAt: Date | null;
  /** Automatic retries used so far in this attempt. */
  retryCount: number;
  /** How often the job was taken from the queue. */
  attempt: number;
  /** Where the account is, once it is saved: `.../trackedAccounts/{accountId}`. */
  accountId: string | null;
  /** A sentence for a person, when the job has failed. */
  error: string | null;
  /** Stable name of what went wrong, such as `AccountNotFoundError`. */
  errorCode: string | null;
}
