/**
 * The tracking job as a front end sees it. `contracts/job.json` describes it for Python and for this module; a test
 * compares this module with it.
 */

import { platforms } from '../../contracts/platforms.json';
import { keysOf } from './keysOf';

export const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof STATUSES)[number];

/** Final statuses; only a user's retry leads out of failed and cancelled. */
export const FINISHED: readonly JobStatus[] = ['completed', 'failed', 'cancelled'];
export const CANCELLABLE: readonly JobStatus[] = ['pending', 'processing'];
export const RETRYABLE: readonly JobStatus[] = ['failed', 'cancelled'];

/** The platforms' names, in the order of the contract. In the package's declarations the type lists each name. */
export const PLATFORMS = keysOf(platforms);
export type Platform = (typeof PLATFORMS)[number];

/** Names of the platforms for people. */
export const PLATFORM_LABELS = Object.fromEntries(PLATFORMS.map((name) => [name, platforms[name].label])) as Readonly<
  Record<Platform, string>
>;

export const ACCOUNT_TYPES = ['my', 'competitor'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** Progress in per cent after each step. */
export const PROGRESS = {
  CREATED: 0,
  ACCOUNT_FETCHED: 30,
  ACCOUNT_SAVED: 50,
  VIDEOS_FETCHED: 70,
  VIDEOS_SAVED: 100,
} as const;

/** Number of a project's newest jobs that are read and watched. */
export const NEWEST_JOBS = 200;

export const MAX_USERNAME_LENGTH = 100;
export const MAX_ID_LENGTH = 128;

/** Steps of an attempt whose times a job keeps; `startedAt` and `completedAt` are its begin and end. */
export const STEPS = ['accountFetched', 'accountSaved', 'videosFetched'] as const;
export type JobStep = (typeof STEPS)[number];

/** Resources that a job's platform charges for. `contracts/job.json` describes each; `usd` is in US dollars. */
export const RESOURCES = ['units', 'posts', 'users', 'media', 'runs', 'results', 'usd'] as const;
export type JobResource = (typeof RESOURCES)[number];

/** A document of `trackingJobs`. Null stands for a value that the document lacks. */
export interface TrackingJob {
  id: string;
  orgId: string;
  projectId: string;
  userId: string;
  /** As the user typed it. */
  username: string;
  platform: Platform;
  accountType: AccountType;
  status: JobStatus;
  /** 0 to 100. */
  progress: number;
  /** A sentence for a person, in English. `sentenceOf` translates it. */
  message: string;
  /** Code of a message that the functions wrote, and its parameters. They may be older than `message`. */
  messageCode: string | null;
  messageParams: Readonly<Record<string, string | number>>;
  createdAt: Date | null;
  startedAt: Date | null;
  completedAt: Date | null;
  updatedAt: Date | null;
  /** Automatic retries used so far in this attempt. */
  retryCount: number;
  /** Number of times that the job was taken from the queue. */
  attempt: number;
  /** Id of the saved account's document, `.../trackedAccounts/{accountId}`. */
  accountId: string | null;
  /** A sentence for a person, when the job has failed. */
  error: string | null;
  /** Stable name of the failure, such as `AccountNotFoundError`. */
  errorCode: string | null;
  /** The time at which each step of this attempt was done. */
  steps: Readonly<Partial<Record<JobStep, Date>>>;
  /** Amounts that the job spent at its platform so far, over all attempts. An amount of 0 is missing. */
  spent: Readonly<Partial<Record<JobResource, number>>>;
}
