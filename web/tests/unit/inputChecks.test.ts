/** The service checks its arguments before it uses the database. So these tests need no database. */

import { getApp, getApps, initializeApp } from 'firebase/app';
import { type Firestore, getFirestore } from 'firebase/firestore';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TrackingJobService } from '../../src/service';

let service: TrackingJobService;

beforeEach(() => {
  const app = getApps().length > 0 ? getApp() : initializeApp({ projectId: 'none' });
  service = new TrackingJobService({ firestore: getFirestore(app) as Firestore });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Arguments of a page without TypeScript: anything may be passed. */
type Untyped = Record<'orgId' | 'projectId' | 'userId' | 'username' | 'platform' | 'accountType', never>;

const GOOD: Record<string, unknown> = {
  orgId: 'acme',
  projectId: 'spring',
  userId: 'mia',
  username: 'nasa',
  platform: 'instagram',
  accountType: 'my',
};

test.each([
  ['orgId', '', 'No orgId was given.'],
  ['orgId', undefined, 'No orgId was given.'],
  ['projectId', 'a/b', 'The projectId is not a valid id.'],
  ['userId', '..', 'The userId is not a valid id.'],
  ['userId', '__x__', 'The userId is not a valid id.'],
  ['projectId', 'x'.repeat(129), 'The projectId is not a valid id.'],
  ['platform', 'facebook', 'The platform must be one of: Instagram, TikTok, YouTube, X.'],
  ['platform', 'toString', 'The platform must be one of: Instagram, TikTok, YouTube, X.'],
  ['accountType', null, 'The accountType must be one of: my, competitor.'],
  ['username', '   ', 'Enter a username.'],
  ['username', 42, 'Enter a username.'],
  ['username', 'nasa🚀', /"nasa🚀" cannot be a username on Instagram/],
])('createJob refuses %s %j', async (field, value, message) => {
  const { orgId, projectId, userId, username, platform, accountType } = { ...GOOD, [field]: value } as Untyped;
  const create = service.createJob(orgId, projectId, userId, username, platform, accountType);
  const error = await create.catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'invalid-input', field });
  expect(String((error as Error).message)).toMatch(message);
});

test('the longest id is taken as far as being offline', async () => {
  vi.stubGlobal('navigator', { onLine: false });
  const create = service.createJob('x'.repeat(128), 'spring', 'mia', 'nasa', 'instagram', 'my');
  await expect(create).rejects.toMatchObject({ code: 'offline' });
});

/** Firestore's `updateDoc` would not fail; it would wait in a queue. */
test('a change while offline fails at once', async () => {
  vi.stubGlobal('navigator', { onLine: false });
  await expect(service.cancelJob('job1')).rejects.toMatchObject({ code: 'offline' });
  await expect(service.retryJob('job1')).rejects.toMatchObject({ code: 'offline' });
});

test.each(['', 'a/b', '.', '__x__'])('a job with the id %j is not asked for', async (jobId) => {
  const refused = { code: 'invalid-input', field: 'jobId' };
  await expect(service.getJob(jobId)).rejects.toMatchObject(refused);
  await expect(service.cancelJob(jobId)).rejects.toMatchObject(refused);
  await expect(service.retryJob(jobId)).rejects.toMatchObject(refused);
  expect(() => service.watchJob(jobId, () => {})).toThrow(expect.objectContaining(refused));
});

test('a project without an id is not listened to', async () => {
  expect(() => service.watchProjectJobs('acme', '', () => {})).toThrow(expect.objectContaining({ field: 'projectId' }));
  await expect(service.getProjectJobs('', 'spring')).rejects.toMatchObject({ field: 'orgId' });
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a cleanup of %d days is refused', async (days) => {
  await expect(service.cleanupOldJobs(days, 'acme')).rejects.toMatchObject({ field: 'days' });
});
