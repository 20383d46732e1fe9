/**
 * What can go wrong, as a page meets it. `message` is a sentence for a person, `code` stays the same for programs, and
 * `cause` keeps what the database said.
 *
 *     TrackingJobError
 *       InvalidInputError    what was typed, or an id, cannot make a job; nothing was written
 *       JobNotFoundError     no such job, or one that was deleted
 *       UnreadableJobError   the job's document is of a kind that this version does not know
 *       IllegalChangeError   the job's status does not allow it
 *       NotSignedInError     nobody is signed in, or the sign-in has run out
 *       NotAllowedError      not a member, or without the role that it takes
 *       OfflineError         this device has no network
 *       UnavailableError     the database was not reached, or did not answer in time
 *       BusyError            it answered, but not this time; the same call may succeed in a moment
 *       UnexpectedError      a fault of ours
 */

import type { FirestoreErrorCode } from 'firebase/firestore';
import type { JobStatus } from './job';

export type TrackingJobErrorCode =
  | 'invalid-input'
  | 'job-not-found'
  | 'unreadable-job'
  | 'illegal-change'
  | 'not-signed-in'
  | 'not-allowed'
  | 'offline'
  | 'unavailable'
  | 'busy'
  | 'unexpected';

export abstract class TrackingJobError extends Error {
  abstract readonly code: TrackingJobErrorCode;
}

/** What a caller may get wrong: the names of `createJob`'s arguments, and of the other methods'. */
export type InputField = 'orgId' | 'projectId' | 'userId' | 'username' | 'platform' | 'accountType' | 'jobId' | 'days';

export class InvalidInputError extends TrackingJobError {
  override readonly name = 'InvalidInputError';
  readonly code = 'invalid-input';

  constructor(
    readonly field: InputField,
    sentence: string,
  ) {
    super(sentence);
  }
}

export class JobNotFoundError extends TrackingJobError {
  override readonly name = 'JobNotFoundError';
  readonly code = 'job-not-found';

  constructor(options?: ErrorOptions) {
    super('This job does not exist any more.', options);
  }
}

export class UnreadableJobError extends TrackingJobError {
  override readonly name = 'UnreadableJobError';
  readonly code = 'unreadable-job';

  constructor(field: string) {
    super(`This job cannot be shown, since its ${field} is not known here. Reload the page.`);
  }
}

export class IllegalChangeError extends TrackingJobError {
  override readonly name = 'IllegalChangeError';
  readonly code = 'illegal-change';

  constructor(
    readonly status: string,
    change: 'retried' | 'cancelled',
  ) {
    const state = STATES.get(status) ?? 'is in an unknown state';
    super(`The job ${state}; it cannot be ${change} now.`);
  }
}

const STATES: ReadonlyMap<string, string> = new Map<JobStatus, string>([
  ['pending', 'is waiting to start'],
  ['processing', 'is being worked on'],
  ['completed', 'is completed'],
  ['failed', 'has failed'],
  ['cancelled', 'has been cancelled'],
]);

export class NotSignedInError extends TrackingJobError {
  override readonly name = 'NotSignedInError';
  readonly code = 'not-signed-in';

  constructor(options?: ErrorOptions) {
    super('You are not signed in. Sign in and try again.', options);
  }
}

export class NotAllowedError extends TrackingJobError {
  override readonly name = 'NotAllowedError';
  readonly code = 'not-allowed';

  constructor(options?: ErrorOptions) {
    super('You are not allowed to do this. An owner of the organisation can change that.', options);
  }
}

export class OfflineError extends TrackingJobError {
  override readonly name = 'OfflineError';
  readonly code = 'offline';

  constructor(options?: ErrorOptions) {
    super('You are offline. Try again once you are connected.', options);
  }
}

export class UnavailableError extends TrackingJobError {
  override readonly name = 'UnavailableError';
  readonly code = 'unavailable';

  constructor(options?: ErrorOptions) {
    super('The service cannot be reached right now. Try again in a moment.', options);
  }
}

export class BusyError extends TrackingJobError {
  override readonly name = 'BusyError';
  readonly code = 'busy';

  constructor(options?: ErrorOptions) {
    super('The service is busy right now. Try again in a moment.', options);
  }
}

export class UnexpectedError extends TrackingJobError {
  override readonly name = 'UnexpectedError';
  readonly code = 'unexpected';

  constructor(options?: ErrorOptions) {
    super('Something went wrong on our side. Try again later.', options);
  }
}

type FromDatabase = new (options: ErrorOptions) => TrackingJobError;

/** `failed-precondition` is a transaction that lost a race, and a query whose index is still being built. */
const KINDS: Readonly<Record<FirestoreErrorCode, FromDatabase>> = {
  cancelled: UnavailableError,
  unknown: UnexpectedError,
  'invalid-argument': UnexpectedError,
  'deadline-exceeded': UnavailableError,
  'not-found': JobNotFoundError,
  'already-exists': BusyError,
  'permission-denied': NotAllowedError,
  'resource-exhausted': BusyError,
  'failed-precondition': BusyError,
  aborted: BusyError,
  'out-of-range': UnexpectedError,
  unimplemented: UnexpectedError,
  internal: UnavailableError,
  unavailable: UnavailableError,
  'data-loss': UnexpectedError,
  unauthenticated: NotSignedInError,
};

/** Whatever was thrown, as one of ours; the database's own text stays in `cause`, for it names rules and paths. */
export function trackingJobError(thrown: unknown): TrackingJobError {
  if (thrown instanceof TrackingJobError) {
    return thrown;
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const Kind = Object.hasOwn(KINDS, code) ? KINDS[code as FirestoreErrorCode] : UnexpectedError;
  const options = { cause: thrown };
  return Kind === UnavailableError && isOffline() ? new OfflineError(options) : new Kind(options);
}

/** Only "no" can be believed: a browser on a network without internet calls itself online. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}
