/**
 * The error classes of earlier versions, one per code. They go in the release after 0.1: compare `code` instead.
 * `instanceof` is true for every TrackingJobError of the class's code.
 */

import {
  hasCode,
  type InputField,
  illegalChange,
  TrackingJobError,
  type TrackingJobErrorCode,
  type TrackingJobErrorDetails,
  unreadableJob,
} from './errors';

interface ErrorClass<E extends TrackingJobError, A extends unknown[]> {
  new (...args: A): E;
}

function deprecated<E extends TrackingJobError, A extends unknown[]>(
  code: TrackingJobErrorCode,
  detailsOf: (...args: A) => TrackingJobErrorDetails,
): ErrorClass<E, A> {
  const DeprecatedError = class extends TrackingJobError {
    constructor(...args: A) {
      super(code, detailsOf(...args));
    }

    static [Symbol.hasInstance](thrown: unknown): boolean {
      return hasCode(thrown, code);
    }
  };
  return DeprecatedError as unknown as ErrorClass<E, A>;
}

const withCause = (options: ErrorOptions = {}): TrackingJobErrorDetails => options;

/** @deprecated Compare `code` with `invalid-input`. */
export type InvalidInputError = TrackingJobError & { readonly code: 'invalid-input'; readonly field: InputField };
/** @deprecated Compare `code` with `invalid-input`. */
export const InvalidInputError = deprecated<InvalidInputError, [field: InputField, sentence: string]>(
  'invalid-input',
  (field, message) => ({ field, message }),
);

/** @deprecated Compare `code` with `illegal-change`. */
export type IllegalChangeError = TrackingJobError & { readonly code: 'illegal-change'; readonly status: string };
/** @deprecated Compare `code` with `illegal-change`. */
export const IllegalChangeError = deprecated<IllegalChangeError, [status: string, change: 'retried' | 'cancelled']>(
  'illegal-change',
  (status, change) => ({ status, message: illegalChange(status, change).message }),
);

/** @deprecated Compare `code` with `unreadable-job`. */
export type UnreadableJobError = TrackingJobError & { readonly code: 'unreadable-job' };
/** @deprecated Compare `code` with `unreadable-job`. */
export const UnreadableJobError = deprecated<UnreadableJobError, [field: string]>('unreadable-job', (field) => ({
  message: unreadableJob(field).message,
}));

/** @deprecated Compare `code` with `job-not-found`. */
export type JobNotFoundError = TrackingJobError & { readonly code: 'job-not-found' };
/** @deprecated Compare `code` with `job-not-found`. */
export const JobNotFoundError = deprecated<JobNotFoundError, [ErrorOptions?]>('job-not-found', withCause);

/** @deprecated Compare `code` with `not-signed-in`. */
export type NotSignedInError = TrackingJobError & { readonly code: 'not-signed-in' };
/** @deprecated Compare `code` with `not-signed-in`. */
export const NotSignedInError = deprecated<NotSignedInError, [ErrorOptions?]>('not-signed-in', withCause);

/** @deprecated Compare `code` with `not-allowed`. */
export type NotAllowedError = TrackingJobError & { readonly code: 'not-allowed' };
/** @deprecated Compare `code` with `not-allowed`. */
export const NotAllowedError = deprecated<NotAllowedError, [ErrorOptions?]>('not-allowed', withCause);

/** @deprecated Compare `code` with `offline`. */
export type OfflineError = TrackingJobError & { readonly code: 'offline' };
/** @deprecated Compare `code` with `offline`. */
export const OfflineError = deprecated<OfflineError, [ErrorOptions?]>('offline', withCause);

/** @deprecated Compare `code` with `unavailable`. */
export type UnavailableError = TrackingJobError & { readonly code: 'unavailable' };
/** @deprecated Compare `code` with `unavailable`. */
export const UnavailableError = deprecated<UnavailableError, [ErrorOptions?]>('unavailable', withCause);

/** @deprecated Compare `code` with `busy`. */
export type BusyError = TrackingJobError & { readonly code: 'busy' };
/** @deprecated Compare `code` with `busy`. */
export const BusyError = deprecated<BusyError, [ErrorOptions?]>('busy', withCause);

/** @deprecated Compare `code` with `unexpected`. */
export type UnexpectedError = TrackingJobError & { readonly code: 'unexpected' };
/** @deprecated Compare `code` with `unexpected`. */
export const UnexpectedError = deprecated<UnexpectedError, [ErrorOptions?]>('unexpected', withCause);
