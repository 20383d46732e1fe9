/** The static side of the service: pages call it as they called the object of the earlier system. */

import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

type Service = typeof import('../../src/service');

let service: Service;

beforeEach(async () => {
  vi.resetModules(); // a page that has set up nothing
  service = await import('../../src/service');
});

afterEach(() => {
  vi.restoreAllMocks();
});

const CALLS = [
  ['createJob', ['acme', 'spring', 'mia', 'nasa', 'instagram', 'my']],
  ['getJob', ['job']],
  ['getProjectJobs', ['acme', 'spring']],
  ['watchJob', ['job', () => {}, () => {}]],
  ['watchProjectJobs', ['acme', 'spring', () => {}, () => {}]],
  ['watchPauses', [() => {}, () => {}]],
  ['retryJob', ['job']],
  ['cancelJob', ['job']],
  ['cleanupOldJobs', [30, 'acme']],
  ['triggerProcessor', []],
] as const;

const METHODS = (of: object) =>
  Object.getOwnPropertyNames(of).filter(
    (name) => !['constructor', 'length', 'name', 'prototype', 'setUp', 'currentUserId'].includes(name),
  );

test('the user is the one of the service that was set up', () => {
  const { TrackingJobService } = service;
  expect(() => TrackingJobService.currentUserId).toThrow(expect.objectContaining({ code: 'not-set-up' }));
  TrackingJobService.setUp({ firestore: {} as Firestore, auth: { currentUser: { uid: 'mia' } } as Auth });
  expect(TrackingJobService.currentUserId).toBe('mia');
});

test('each method of a service has a static one', () => {
  const { TrackingJobService } = service;
  expect(METHODS(TrackingJobService)).toEqual(CALLS.map(([name]) => name));
  expect(METHODS(TrackingJobService.prototype).sort()).toEqual(CALLS.map(([name]) => name).toSorted());
});

test.each(CALLS)('%s is passed on to the service that was set up', async (name, args) => {
  const { default: TrackingJobService } = service;
  const own = TrackingJobService.setUp({ firestore: {} as Firestore });
  const called = vi.spyOn(own, name).mockReturnValue('answer' as never);
  const call = TrackingJobService[name] as (...args: readonly unknown[]) => unknown;
  expect(await call(...args)).toBe('answer');
  expect(called).toHaveBeenCalledExactlyOnceWith(...args);
});

test.each(CALLS)('%s says how to set up when nothing is', async (name, args) => {
  const { default: TrackingJobService, TrackingJobError } = service;
  const call = TrackingJobService[name] as (...args: readonly unknown[]) => unknown;
  const outcome = await Promise.resolve()
    .then(() => call(...args))
    .catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(TrackingJobError);
  expect(outcome).toMatchObject({ code: 'not-set-up', message: expect.stringContaining('TrackingJobService.setUp(') });
});
