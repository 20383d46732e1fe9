import type { TrackingJobError } from '../errors';
import type { JobResource, JobStatus } from '../job';
import type { PauseReason } from '../pauses';
import type { Sentences } from '../sentences';

/** The step that a running job is at. */
export type Stage = 'lookingUp' | 'savingAccount' | 'fetchingVideos' | 'savingVideos' | 'finishing';

/** Codes of failed jobs (`job.errorCode`): classes of `tracking/errors.py` and codes of `tracking/outcomes.py`. */
export type FailureCode =
  | 'InvalidJobError'
  | 'AccountNotFoundError'
  | 'AccountPrivateError'
  | 'AccountSuspendedError'
  | 'IdentityChangedError'
  | 'AllowanceSpentError'
  | 'CredentialsError'
  | 'QuotaExceededError'
  | 'ContractError'
  | 'PlatformUnavailableError'
  | 'RateLimitedError'
  | 'StoreUnavailableError'
  | 'OvertakenError'
  | 'TimedOut'
  | 'InternalError'
  | 'ExecutionAborted';

/** Times of a job in its details, in their order. */
export const MOMENTS = ['created', 'started', 'accountFetched', 'accountSaved', 'videosFetched', 'ended'] as const;
export type Moment = (typeof MOMENTS)[number];

/** The action that a person tried when an error came. */
export type Attempted = 'load' | 'cancel' | 'retry' | 'create';

/**
 * Every text of the panel. A page passes its own as `labels`, all or some; `account-tracking/de` has German ones.
 * `account` is a name with its platform, `@nasa on Instagram`. Numbers and times come as text, formatted for `locale`.
 */
export interface Labels {
  /** The language of these texts, such as `en` or `pt-BR`. It also formats numbers and times, unless `locale` does. */
  language: string;
  title: string;
  /** The list's name for screen readers. */
  jobs: string;
  statuses: Readonly<Record<JobStatus, string>>;
  /** One part of the summary: `2 running`. `shown` is the number as text; `100+` when there may be more. */
  count(status: JobStatus, shown: string, count: number): string;
  stages: Readonly<Record<Stage, string>>;
  /** The word of a job that waits for more than its turn; its details say for what. */
  onHold: string;
  /** The same when its platform is paused. `time` is local. */
  pausedUntil(time: string): string;
  /** Why the platform is paused, in a sentence. */
  paused: Readonly<Record<PauseReason, (platform: string, time: string) => string>>;
  /** Earlier jobs of the project that wait for the same platform, short and long; `3+` when there may be more. */
  earlier(shown: string, count: number): string;
  earlierOn(shown: string, count: number, platform: string): string;
  /** Why a job failed, in one or two words. */
  reasons: Readonly<Record<FailureCode, string>>;
  accountOn(name: string, platform: string): string;
  noUsername: string;
  /** The sentence of a job that has none of its own. */
  failed: string;
  /** `Failed at 30%`, for a bar. */
  stoppedAt(status: string, percent: string): string;
  allJobs: string;
  /** The remaining time of a running job, short and long. */
  left(time: string): string;
  aboutLeft(time: string): string;
  slow: string;

  /** The sentences that the functions write into jobs. Without them these sentences are English. */
  sentences: Partial<Sentences>;

  nothingRuns: string;
  history: string;
  search: string;
  status: string;
  platform: string;
  all: string;
  nothingFound: string;
  newestOnly(shown: string): string;

  cancel: string;
  cancelling: string;
  retry: string;
  retrying: string;
  retryAll: string;
  editName: string;
  remove: string;
  clear: string;
  openAccount: string;
  dismiss: string;
  tryAgain: string;
  trying: string;
  notify: string;
  notifyBlocked: string;
  /** Words after an action, for screen readers: `Cancel` + ` tracking @nasa on Instagram`. */
  ofAccount(account: string): string;
  /** The same after `Clear`, of all failed jobs. */
  ofFailed: string;

  newName(account: string): string;
  track: string;
  tracking: string;
  back: string;

  moments: Readonly<Record<Moment, string>>;
  attempts: string;
  retries: string;
  addedBy: string;
  cost: string;
  spent: Readonly<Record<Exclude<JobResource, 'usd'>, (amount: string) => string>>;

  offline: string;
  reconnecting: string;
  connected: string;
  /** `Could not cancel.`, before the sentence of the error. */
  couldNot: Readonly<Record<Attempted, string>>;
  /** The error's sentence; `message` is English. */
  errorSentence(error: TrackingJobError): string;
  /** The sentence of the live region about a job whose status has changed. */
  changed(status: string, account: string, reason: string): string;
  moreChanged(shown: string, count: number): string;
  /** Retry all: some jobs were refused. */
  notAllRetried(shown: string, count: number): string;
}

const STATUSES: Labels['statuses'] = {
  pending: 'Waiting',
  processing: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export const englishLabels: Labels = {
  language: 'en',
  title: 'Account tracking',
  jobs: 'Jobs',
  statuses: STATUSES,
  count: (status, shown) => `${shown} ${STATUSES[status].toLowerCase()}`,
  stages: {
    lookingUp: 'Looking up',
    savingAccount: 'Saving account',
    fetchingVideos: 'Fetching videos',
    savingVideos: 'Saving videos',
    finishing: 'Finishing',
  },
  onHold: 'On hold',
  pausedUntil: (time) => `Paused until ${time}`,
  paused: {
    RateLimitedError: (platform, time) => `${platform} asks us to slow down. Tracking resumes at ${time}.`,
    QuotaExceededError: (platform, time) => `${platform}'s daily limit is used up. Tracking resumes at ${time}.`,
    CredentialsError: (platform, time) => `Our access to ${platform} does not work. We try again at ${time}.`,
    operator: (platform, time) => `${platform} is paused. Tracking resumes at ${time}.`,
  },
  earlier: (shown, count) => `${shown} earlier ${count === 1 ? 'job' : 'jobs'}`,
  earlierOn: (shown, count, platform) =>
    `${shown} earlier ${count === 1 ? 'job of this project waits' : 'jobs of this project wait'} for ${platform}, too.`,
  reasons: {
    InvalidJobError: 'Name not valid',
    AccountNotFoundError: 'Not found',
    AccountPrivateError: 'Private',
    AccountSuspendedError: 'Suspended',
    IdentityChangedError: 'Name taken',
    AllowanceSpentError: 'Budget used up',
    CredentialsError: 'No access',
    QuotaExceededError: 'Limit used up',
    ContractError: 'Bad response',
    PlatformUnavailableError: 'No answer',
    RateLimitedError: 'Too busy',
    StoreUnavailableError: 'Not saved',
    OvertakenError: 'Not saved',
    TimedOut: 'Took too long',
    InternalError: 'Internal error',
    ExecutionAborted: 'Stopped',
  },
  accountOn: (name, platform) => `${name} on ${platform}`,
  noUsername: 'No username',
  failed: 'Tracking this account failed.',
  stoppedAt: (status, percent) => `${status} at ${percent}`,
  allJobs: 'All jobs',
  left: (time) => `~${time} left`,
  aboutLeft: (time) => `About ${time} left.`,
  slow: 'Taking longer than usual.',

  sentences: {},
  nothingRuns: 'Nothing is running.',
  history: 'History',
  search: 'Search by name',
  status: 'Status',
  platform: 'Platform',
  all: 'All',
  nothingFound: 'No job matches.',
  newestOnly: (shown) => `The newest ${shown} jobs`,

  cancel: 'Cancel',
  cancelling: 'Cancelling…',
  retry: 'Retry',
  retrying: 'Retrying…',
  retryAll: 'Retry all',
  editName: 'Edit name',
  remove: 'Remove',
  clear: 'Clear',
  openAccount: 'Open',
  dismiss: 'Dismiss',
  tryAgain: 'Try again',
  trying: 'Trying…',
  notify: 'Notify me when jobs end',
  notifyBlocked: 'This browser blocks notifications of this page.',
  ofAccount: (account) => ` tracking ${account}`,
  ofFailed: ' failed jobs',

  newName: (account) => `New name for ${account}`,
  track: 'Track',
  tracking: 'Tracking…',
  back: 'Back',

  moments: {
    created: 'Added',
    started: 'Started',
    accountFetched: 'Account found',
    accountSaved: 'Account saved',
    videosFetched: 'Videos fetched',
    ended: 'Ended',
  },
  attempts: 'Attempts',
  retries: 'Automatic retries',
  addedBy: 'Added by',
  cost: 'Cost',
  spent: {
    units: (amount) => `${amount} quota units`,
    posts: (amount) => `${amount} posts`,
    users: (amount) => `${amount} users`,
    media: (amount) => `${amount} media`,
    runs: (amount) => `${amount} runs`,
    results: (amount) => `${amount} results`,
  },

  offline: 'Offline. Showing the last known state.',
  reconnecting: 'Reconnecting…',
  connected: 'Connected again.',
  couldNot: {
    load: 'Could not load the jobs.',
    cancel: 'Could not cancel.',
    retry: 'Could not retry.',
    create: 'Could not track this name.',
  },
  errorSentence: ({ message }) => message,
  changed: (status, account, reason) => `${status}: ${account}.${reason && ` ${reason}`}`,
  moreChanged: (shown, count) => `${shown} more ${count === 1 ? 'job' : 'jobs'} changed.`,
  notAllRetried: (shown, count) => `${shown} ${count === 1 ? 'job' : 'jobs'} could not be retried.`,
};
