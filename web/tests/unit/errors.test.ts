/** Every failure of the database becomes a TrackingJobError with a sentence for a person. */

import { FirestoreError, type FirestoreErrorCode } from 'firebase/firestore';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { illegalChange, TrackingJobError, trackingJobError } from '../../src/errors';
import { STATUSES } from '../../src/job';
import { withTimeout } from '../../src/withTimeout';

/** The type is the library's own list of codes, so a missing code does not compile. */
const EXPECTED: Record<FirestoreErrorCode, string> = {
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

const RAW = 'evaluation error at L47:22 for projects/demo/databases/(default)';

function firestoreError(code: string, message = RAW): FirestoreError {
  return Object.assign(Object.create(FirestoreError.prototype), { code, message });
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe.each(Object.entries(EXPECTED))('Firestore’s %s', (code, expected) => {
  test(`is ${expected}, with the database's words as cause alone`, () => {
    const thrown = firestoreError(code);
    const error = trackingJobError(thrown);
    expect(error).toBeInstanceOf(TrackingJobError);
    expect(error.code).toBe(expected);
    expect(error.cause).toBe(thrown);
    expect(error.message).toMatch(/^[A-Z][^:()_]{15,120}\.$/);
    expect(error.message).not.toContain('evaluation');
    expect(error.name).toMatch(/^[A-Z][A-Za-z]+Error$/);
  });
});

test.each([firestoreError('toString'), new TypeError('x is undefined'), 'text', null, undefined])(
  'anything else is a fault of ours: %s',
  (thrown) => {
    expect(trackingJobError(thrown)).toMatchObject({ code: 'unexpected', cause: thrown });
  },
);

test('one of ours stays as it is', () => {
  const error = new TrackingJobError('job-not-found');
  expect(trackingJobError(error)).toBe(error);
});

test('an unreachable database without a network is offline', () => {
  vi.stubGlobal('navigator', { onLine: false });
  expect(trackingJobError(firestoreError('unavailable')).code).toBe('offline');
  expect(trackingJobError(firestoreError('permission-denied')).code).toBe('not-allowed');
});

test('without a navigator nothing is said to be offline', () => {
  vi.stubGlobal('navigator', undefined);
  expect(trackingJobError(firestoreError('unavailable')).code).toBe('unavailable');
});

test('an illegal change says where the job stands', () => {
  expect(illegalChange('completed', 'cancelled').message).toBe('The job is completed; it cannot be cancelled now.');
  for (const status of STATUSES) {
    expect(illegalChange(status, 'retried').message).not.toContain('unknown');
  }
  expect(illegalChange('toString', 'retried').message).toContain('is in an unknown state');
});

test('a call that a network swallows is given up after 15 seconds', async () => {
  vi.useFakeTimers();
  const outcome = vi.fn();
  void withTimeout(new Promise(() => {})).catch(outcome);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: 'unavailable' }));
});

test('an answer in time is passed on, and leaves no timer behind', async () => {
  vi.useFakeTimers();
  expect(await withTimeout(Promise.resolve(7))).toBe(7);
  await expect(withTimeout(Promise.reject(firestoreError('aborted')))).rejects.toMatchObject({ code: 'busy' });
  expect(vi.getTimerCount()).toBe(0);
});
