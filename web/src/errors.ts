/**
 * The one error of this package. `message` is a sentence for a person, `code` is stable and for programs, and `cause`
 * keeps the database's own error.
 *
 *     invalid-input      a username, an id or an option cannot be right; nothing was written; `field` names it
 *     job-not-found      there is no such job, or it was deleted
 *     unreadable-job     the job's document holds a platform, type or status that this version does not know
 *     already-tracked    a job of this account waits or runs already; `jobId` is that job
 *     illegal-change     the job's status does not allow the change; or the account's refreshes, or the endpoint, are
 *                        off; or the delivery is not over; `status`
 *     account-not-found  there is no such account, or it was deleted
 *     endpoint-not-found, delivery-not-found    there is no such endpoint, or no such delivery of it
 *     too-early          the account was refreshed within the last hour, or the secret changed within the last day; it
 *                        may be again from `allowedAt` on
 *     not-signed-in      nobody is signed in, or the sign-in has expired
 *     not-allowed        the user is not a member, or lacks the role that this needs
 *     offline            the device has no network
 *     unavailable        the database was not reached, or did not answer in time
 *     busy               the database refused for the moment; the same call may succeed soon
 *     not-set-up         the page did not say which service or project it means
 *     unexpected         a fault of this package or of the database
 */

import type { FirestoreErrorCode } from 'firebase/firestore';
import type { JobStatus } from './job';

export type TrackingJobErrorCode =
  | 'invalid-input'
  | 'job-not-found'
  | 'unreadable-job'
  | 'already-tracked'
  | 'illegal-change'
  | 'account-not-found'
  | 'endpoint-not-found'
  | 'delivery-not-found'
  | 'too-early'
  | 'not-signed-in'
  | 'not-allowed'
  | 'offline'
  | 'unavailable'
  | 'busy'
  | 'not-set-up'
  | 'unexpected';

/** The names of the arguments that a caller may get wrong. */
export type InputField =
  | 'orgId'
  | 'projectId'
  | 'userId'
  | 'accountId'
  | 'username'
  | 'platform'
  | 'accountType'
  | 'jobId'
  | 'days'
  | 'newest'
  | 'order'
  | 'mode'
  | 'endpointId'
  | 'deliveryId'
  | 'url'
  | 'description'
  | 'eventTypes'
  | 'projectIds'
  | 'enabled'
  | 'states'
  | 'limit'
  | 'since'
  | 'until'
  | 'email'
  | 'alerts'
  | 'hour'
  | 'timezone';

export interface TrackingJobErrorDetails {
  /** A sentence for a person, instead of the code's own. */
  message?: string;
  /** For `invalid-input`. */
  field?: InputField;
  /** The status of a job or of a delivery, or `off` of an account or an endpoint, for `illegal-change`. */
  status?: string;
  /** The job that tracks the account, for `already-tracked`. */
  jobId?: string;
  /** For `too-early`. */
  allowedAt?: Date;
  cause?: unknown;
}

export class TrackingJobError extends Error {
  override readonly name = 'TrackingJobError';
  readonly field: InputField | undefined;
  readonly status: string | undefined;
  readonly jobId: string | undefined;
  readonly allowedAt: Date | undefined;

  constructor(
    readonly code: TrackingJobErrorCode,
    { message = SENTENCES[code], field, status, jobId, allowedAt, ...options }: TrackingJobErrorDetails = {},
  ) {
    super(message, options);
    this.field = field;
    this.status = status;
    this.jobId = jobId;
    this.allowedAt = allowedAt;
  }
}

const SENTENCES: Readonly<Record<TrackingJobErrorCode, string>> = {
  'invalid-input': 'Something that was given is not valid.',
  'job-not-found': 'This job does not exist any more.',
  'unreadable-job': 'This job cannot be shown. Reload the page.',
  'already-tracked': 'This account is already being tracked.',
  'illegal-change': 'This job cannot be changed now.',
  'account-not-found': 'This account does not exist any more.',
  'endpoint-not-found': 'This endpoint does not exist any more.',
  'delivery-not-found': 'This delivery does not exist any more.',
  'too-early': 'This account was refreshed a short time ago.',
  'not-signed-in': 'You are not signed in. Sign in and try again.',
  'not-allowed': 'You are not allowed to do this. An owner of the organisation can change that.',
  offline: 'You are offline. Try again once you are connected.',
  unavailable: 'The service cannot be reached right now. Try again in a moment.',
  busy: 'The service is busy right now. Try again in a moment.',
  'not-set-up': 'This page is not set up for tracking.',
  unexpected: 'Something went wrong on our side. Try again later.',
};

export function hasCode(thrown: unknown, ...codes: TrackingJobErrorCode[]): thrown is TrackingJobError {
  return thrown instanceof TrackingJobError && codes.includes(thrown.code);
}

export function invalidInput(field: InputField, message: string): TrackingJobError {
  return new TrackingJobError('invalid-input', { field, message });
}

export function unreadableJob(field: string): TrackingJobError {
  const message = `This job cannot be shown, since its ${field} is not known here. Reload the page.`;
  return new TrackingJobError('unreadable-job', { message });
}

export function illegalChange(status: string, change: 'retried' | 'cancelled'): TrackingJobError {
  const state = STATES.get(status) ?? 'is in an unknown state';
  return new TrackingJobError('illegal-change', { status, message: `The job ${state}; it cannot be ${change} now.` });
}

/** `allowedMs` is rounded up to the minute that the sentence names. */
export function tooEarly(allowedMs: number, cause: unknown): TrackingJobError {
  const allowedAt = new Date(Math.ceil(allowedMs / MINUTE_MS) * MINUTE_MS);
  const time = allowedAt.toLocaleTimeString('en', { timeStyle: 'short' });
  const message = `${SENTENCES['too-early']} Try again at ${time}.`;
  return new TrackingJobError('too-early', { allowedAt, message, cause });
}

const MINUTE_MS = 60_000;

const STATES: ReadonlyMap<string, string> = new Map<JobStatus, string>([
  ['pending', 'is waiting to start'],
  ['processing', 'is being worked on'],
  ['completed', 'is completed'],
  ['failed', 'has failed'],
  ['cancelled', 'has been cancelled'],
]);

/** Firestore gives `failed-precondition` when a transaction lost a race, or when a query's index is not built yet. */
const CODES: Readonly<Record<FirestoreErrorCode, TrackingJobErrorCode>> = {
  cancelled: 'unavailable',
  unknown: 'unexpected',
  'invalid-argument': 'unexpected',
  'deadline-exceeded': 'unavailable',
  'not-found': 'job-not-found',
  'already-exists': 'busy',
  'permission-denied': 'not-allowed',
  'resource-exhausted': 'busy',
  'failed-precondition': 'busy',
  aborted: 'busy',
  'out-of-range': 'unexpected',
  unimplemented: 'unexpected',
  internal: 'unavailable',
  unavailable: 'unavailable',
  'data-loss': 'unexpected',
  unauthenticated: 'not-signed-in',
};

/** Turn anything thrown into a TrackingJobError. The database's text, which names rules and paths, stays in `cause`. */
export function trackingJobError(thrown: unknown): TrackingJobError {
  if (thrown instanceof TrackingJobError) {
    return thrown;
  }
  const firestoreCode = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const code = Object.hasOwn(CODES, firestoreCode) ? CODES[firestoreCode as FirestoreErrorCode] : 'unexpected';
  return new TrackingJobError(code === 'unavailable' && isOffline() ? 'offline' : code, { cause: thrown });
}

/** Whether the browser says that it is offline. On a network without internet it says that it is online. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}
