/** The error classes of earlier versions, which pages may still use for a release. */

import { expect, test } from 'vitest';
import * as service from '../../src/service';

const CLASSES = [
  [
    'InvalidInputError',
    service.InvalidInputError,
    'invalid-input',
    () => new service.InvalidInputError('jobId', 'No jobId was given.'),
  ],
  [
    'IllegalChangeError',
    service.IllegalChangeError,
    'illegal-change',
    () => new service.IllegalChangeError('completed', 'cancelled'),
  ],
  ['UnreadableJobError', service.UnreadableJobError, 'unreadable-job', () => new service.UnreadableJobError('status')],
  ['JobNotFoundError', service.JobNotFoundError, 'job-not-found', () => new service.JobNotFoundError()],
  ['NotSignedInError', service.NotSignedInError, 'not-signed-in', () => new service.NotSignedInError()],
  ['NotAllowedError', service.NotAllowedError, 'not-allowed', () => new service.NotAllowedError()],
  ['OfflineError', service.OfflineError, 'offline', () => new service.OfflineError()],
  ['UnavailableError', service.UnavailableError, 'unavailable', () => new service.UnavailableError()],
  ['BusyError', service.BusyError, 'busy', () => new service.BusyError()],
  ['UnexpectedError', service.UnexpectedError, 'unexpected', () => new service.UnexpectedError({ cause: 'x' })],
] as const;

test.each(CLASSES)('%s is the errors of its code', (_, OldError, code, make) => {
  const error = new service.TrackingJobError(code);
  for (const [, Other] of CLASSES) {
    expect(error instanceof Other).toBe(Other === OldError);
  }
  expect(new TypeError('x') instanceof OldError).toBe(false);
  const made = make();
  expect(made).toBeInstanceOf(service.TrackingJobError);
  expect(made).toBeInstanceOf(OldError);
  expect(made.code).toBe(code);
});

test('old constructors give the same fields and sentences', () => {
  expect(new service.InvalidInputError('days', 'Bad.')).toMatchObject({ field: 'days', message: 'Bad.' });
  const illegal = new service.IllegalChangeError('completed', 'cancelled');
  expect(illegal).toMatchObject({ status: 'completed', message: 'The job is completed; it cannot be cancelled now.' });
  expect(new service.UnreadableJobError('status').message).toBe(
    'This job cannot be shown, since its status is not known here. Reload the page.',
  );
  expect(new service.OfflineError().message).toBe('You are offline. Try again once you are connected.');
  expect(new service.UnexpectedError({ cause: 'x' }).cause).toBe('x');
});

test('instanceof of an old class narrows the type', () => {
  const thrown: unknown = new service.TrackingJobError('invalid-input', { field: 'days' });
  const field: service.InputField | null = thrown instanceof service.InvalidInputError ? thrown.field : null;
  expect(field).toBe('days');
});
