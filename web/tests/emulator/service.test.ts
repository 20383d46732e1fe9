/** The service on the emulator, under the real rules. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Auth } from 'firebase/auth';
import { Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import contract from '../../../contracts/job.json';
import type { TrackingJob } from '../../src/job';
import { PAUSES_DOCUMENT, type PlatformPause } from '../../src/pauses';
import type { TrackingJobService } from '../../src/service';
import { Harness, jobDocument, MEMBER, ORG, OWNER, PROJECT, Recorder, STRANGER } from './emulatorHarness';
import { SignIns } from './signIns';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());

const DAY_MS = 24 * 60 * 60 * 1000;

function daysAgo(days: number): Timestamp {
  return Timestamp.fromMillis(Date.now() - days * DAY_MS);
}

/** Describe a document as the contract does: a recent time becomes "<now>", a field of `given` becomes "<its name>". */
function described(data: object | undefined, given: Record<string, unknown> = {}) {
  const name = (field: string, value: unknown) => {
    const isNow = value instanceof Timestamp && Math.abs(value.toMillis() - Date.now()) < 60_000;
    return isNow ? '<now>' : field in given ? `<${field}>` : value;
  };
  return Object.fromEntries(Object.entries(data ?? {}).map(([field, value]) => [field, name(field, value)]));
}

test('these tests are bound by rules', async () => {
  await harness.set('trackingJobs/bound', jobDocument());
  await expect(harness.serviceOf(STRANGER).getJob('bound')).rejects.toMatchObject({ code: 'not-allowed' });
  await expect(harness.serviceOf(MEMBER).getJob('bound')).resolves.toMatchObject({ id: 'bound' });
});

test('any signed-in user hears of a pause, and of its end', async () => {
  const until = Timestamp.fromMillis(Date.UTC(2030, 0, 1));
  await harness.set(PAUSES_DOCUMENT, { youtube: { until, reason: 'operator' } });
  const recorder = new Recorder<readonly PlatformPause[]>();
  const stop = harness.serviceOf(STRANGER).watchPauses(recorder.record);
  const [pause] = await recorder.until((pauses) => pauses.length > 0);
  expect(pause).toEqual({ platform: 'youtube', until: until.toDate(), reason: 'operator' });
  await harness.set(PAUSES_DOCUMENT, { youtube: null });
  await recorder.until((pauses) => pauses.length === 0);
  stop();
});

/** Watch a project until the server has answered. Then `createJob` needs no query before it writes. */
async function listening(service: TrackingJobService, projectId: string): Promise<() => void> {
  const connections = new Recorder<string>();
  const stop = service.watchProjectJobs(ORG, projectId, (_, connection) => connections.record(connection));
  await connections.until((connection) => connection === 'live');
  return stop;
}

describe('createJob', () => {
  test('writes what the contract says, and nothing else', async () => {
    const service = harness.serviceOf(MEMBER);
    const given = { orgId: ORG, projectId: 'created', userId: MEMBER, username: ' @NASA', platform: 'tiktok' };
    const jobId = await service.createJob(ORG, 'created', MEMBER, ' @NASA', 'tiktok', 'competitor');
    const written = await harness.get(`trackingJobs/${jobId}`);
    expect(described(written, { ...given, accountType: '' })).toEqual(contract.changes.create);
    expect(written).toMatchObject(given);
    expect(await service.getJob(jobId)).toMatchObject({ ...given, accountType: 'competitor', status: 'pending' });
  });

  test('writes nothing when the input is bad', async () => {
    const service = harness.serviceOf(MEMBER);
    const before = (await harness.jobs()).length;
    const create = service.createJob(ORG, PROJECT, MEMBER, 'https://www.tiktok.com/@nba', 'instagram', 'my');
    await expect(create).rejects.toMatchObject({
      code: 'invalid-input',
      field: 'username',
      message: 'This is a link to TikTok, but the job is for Instagram.',
    });
    expect((await harness.jobs()).length).toBe(before);
  });

  test.each([
    ['another organisation', STRANGER, STRANGER],
    ['somebody else', MEMBER, OWNER],
  ])('refuses a job for %s in a sentence of our own', async (_, uid, userId) => {
    const create = harness.serviceOf(uid).createJob(ORG, 'refused', userId, 'nasa', 'instagram', 'my');
    const error = await create.catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'not-allowed', cause: { code: 'permission-denied' } });
    expect(String(error)).not.toMatch(/evaluation|false|PERMISSION/);
  });

  test('fails without a connection, and sends nothing later', async () => {
    const { service, wire } = await harness.wiredServiceOf(MEMBER);
    await service.createJob(ORG, 'cut', MEMBER, 'before', 'instagram', 'my');
    await wire.cut();
    const began = Date.now();
    const create = service.createJob(ORG, 'cut', MEMBER, 'during', 'instagram', 'my');
    await expect(create).rejects.toMatchObject({ code: 'unavailable' });
    expect(Date.now() - began).toBeLessThan(15_000);
    await wire.join();
    await vi.waitFor(() => service.getProjectJobs(ORG, 'cut'), { timeout: 15_000 }); // connected again
    await new Promise((resolve) => setTimeout(resolve, 500));
    const usernames = (await service.getProjectJobs(ORG, 'cut')).map((job) => job.username);
    expect(usernames).toEqual(['before']);
  });

  test('writes one job when the reply to the write is lost', async () => {
    const { service, wire } = await harness.wiredServiceOf(MEMBER);
    const stop = await listening(service, 'lost-reply');
    wire.loseReplies();
    const create = service.createJob(ORG, 'lost-reply', MEMBER, 'nasa', 'instagram', 'my');
    await harness.firstJob('lost-reply');
    await wire.cut();
    await wire.join();
    expect(await service.getJob(await create)).toMatchObject({ username: 'nasa', status: 'pending' });
    const jobs = await harness.jobs();
    expect(jobs.filter((job) => job.projectId === 'lost-reply')).toHaveLength(1);
    stop();
  });

  /** The first call failed although its write had arrived. A third call is a new request. */
  test('repeated after a lost reply resolves to the written job', async () => {
    const { service, wire } = await harness.wiredServiceOf(MEMBER);
    const create = () => service.createJob(ORG, 'again', MEMBER, 'nasa', 'instagram', 'my');
    const stop = await listening(service, 'again');
    wire.loseReplies();
    const first = create().catch((error: unknown) => error);
    const written = await harness.firstJob('again');
    await wire.cut();
    expect(await first).toMatchObject({ code: 'unavailable' });
    await wire.join();
    expect(await vi.waitFor(create, { timeout: 20_000 })).toBe(written);
    const jobs = await harness.jobs();
    expect(jobs.filter((job) => job.projectId === 'again')).toHaveLength(1);
    expect(await service.getJob(written)).toMatchObject({ projectId: 'again' });
    await expect(create()).rejects.toMatchObject({ code: 'already-tracked', jobId: written });
    stop();
  });

  /** The job of the first call is cancelled before the second call. */
  test('repeated after a lost reply replaces a finished job', async () => {
    const { service, wire } = await harness.wiredServiceOf(MEMBER);
    const create = () => service.createJob(ORG, 'hidden', MEMBER, 'nasa', 'instagram', 'my');
    const stop = await listening(service, 'hidden');
    wire.loseReplies();
    const first = create().catch((error: unknown) => error);
    const hidden = await harness.firstJob('hidden');
    await wire.cut();
    expect(await first).toMatchObject({ code: 'unavailable' });
    await harness.set(`trackingJobs/${hidden}`, jobDocument({ projectId: 'hidden', status: 'cancelled' }));
    await wire.join();
    const jobId = await vi.waitFor(create, { timeout: 20_000 });
    expect(jobId).not.toBe(hidden);
    const listed = await harness.serviceOf(OWNER).getProjectJobs(ORG, 'hidden');
    expect(listed.map((job) => [job.id, job.status]).sort()).toEqual(
      [
        [hidden, 'cancelled'],
        [jobId, 'pending'],
      ].sort(),
    );
    stop();
  });

  test('pressed twice at once makes one job', async () => {
    const service = harness.serviceOf(MEMBER);
    const press = () => service.createJob(ORG, 'double', MEMBER, 'nasa', 'instagram', 'my');
    const [first, second] = await Promise.all([press(), press()]);
    expect(second).toBe(first);
    expect(await service.getProjectJobs(ORG, 'double')).toHaveLength(1);
  });

  describe('for an account with a job that is', () => {
    const createAs = (service = harness.serviceOf(MEMBER)) =>
      service.createJob(ORG, 'tracked', MEMBER, 'https://www.instagram.com/NASA/', 'instagram', 'competitor');

    test.each(['pending', 'processing'])('%s is refused, and names that job', async (status) => {
      await harness.set('trackingJobs/tracked', jobDocument({ projectId: 'tracked', username: '@nasa', status }));
      const before = (await harness.jobs()).length;
      await expect(createAs()).rejects.toMatchObject({
        code: 'already-tracked',
        jobId: 'tracked',
        message: 'This account is already being tracked.',
      });
      expect((await harness.jobs()).length).toBe(before);
    });

    test.each(['completed', 'failed', 'cancelled'])('%s makes a new job', async (status) => {
      await harness.set('trackingJobs/tracked', jobDocument({ projectId: 'tracked', username: '@nasa', status }));
      const jobId = await createAs();
      expect(jobId).not.toBe('tracked');
      await harness.delete(`trackingJobs/${jobId}`);
    });

    test.each([
      ['another platform', { platform: 'tiktok' }],
      ['another project', { projectId: 'other-one' }],
      ['another account', { username: 'nasajpl' }],
    ])('of %s makes a new job', async (_, fields) => {
      await harness.set('trackingJobs/tracked', jobDocument({ projectId: 'tracked', username: '@nasa', ...fields }));
      await harness.delete(`trackingJobs/${await createAs()}`);
    });

    /** The page's listener may not have heard of the first job yet when the second call comes. */
    test('created a moment ago by a page with a listener is refused', async () => {
      await harness.delete('trackingJobs/tracked');
      const service = harness.serviceOf(MEMBER);
      const stop = await listening(service, 'tracked');
      const jobId = await createAs(service);
      await expect(createAs(service)).rejects.toMatchObject({ code: 'already-tracked', jobId });
      await harness.set(`trackingJobs/${jobId}`, jobDocument({ projectId: 'tracked', status: 'failed' }));
      await vi.waitFor(() => createAs(service)); // the listener has heard of the end
      stop();
    });
  });

  test('kicks with the ID token, and does not wait for the answer', async () => {
    const kicked = new Recorder<{ method: string | undefined; authorization: string | undefined }>();
    const server = createServer(({ method, headers }) =>
      kicked.record({ method, authorization: headers.authorization }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const triggerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trigger`;
    const auth = {
      authStateReady: async () => {},
      currentUser: { getIdToken: async () => 'token' },
    } as unknown as Auth;
    try {
      const service = harness.serviceOf(MEMBER, { auth, triggerUrl });
      await service.createJob(ORG, 'kicked', MEMBER, 'nasa', 'instagram', 'my'); // the server never answers
      expect(await kicked.until(() => true)).toEqual({ method: 'POST', authorization: 'Bearer token' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('while nobody is signed in', () => {
  test.each([
    ['createJob', (service: TrackingJobService) => service.createJob(ORG, PROJECT, MEMBER, 'nasa', 'instagram', 'my')],
    ['getJob', (service: TrackingJobService) => service.getJob('bound')],
    ['getProjectJobs', (service: TrackingJobService) => service.getProjectJobs(ORG, PROJECT)],
    ['retryJob', (service: TrackingJobService) => service.retryJob('bound')],
    ['cancelJob', (service: TrackingJobService) => service.cancelJob('bound')],
    ['cleanupOldJobs', (service: TrackingJobService) => service.cleanupOldJobs(7, ORG)],
  ])('%s says so, and asks nothing of the database', async (_, call) => {
    const signIns = new SignIns(null);
    const service = harness.serviceOf(MEMBER, { auth: signIns.auth }); // the database itself would let this user
    await expect(call(service)).rejects.toMatchObject({ code: 'not-signed-in' });
  });
});

describe('getJob', () => {
  test('answers null for a job that was deleted', async () => {
    expect(await harness.serviceOf(MEMBER).getJob('never-was')).toBeNull();
  });

  test('rejects for a job of an unknown platform', async () => {
    await harness.set('trackingJobs/odd', jobDocument({ projectId: 'odd-one', platform: 'threads' }));
    await expect(harness.serviceOf(MEMBER).getJob('odd')).rejects.toMatchObject({ code: 'unreadable-job' });
  });
});

/** Only jobs of this project and organisation are returned, newest first. */
test('getProjectJobs returns the newest 200 readable jobs', async () => {
  await harness.set('trackingJobs/list-old', jobDocument({ projectId: 'listed', createdAt: daysAgo(3) }));
  await harness.set('trackingJobs/list-new', jobDocument({ projectId: 'listed', createdAt: daysAgo(1) }));
  await harness.set('trackingJobs/list-odd', jobDocument({ projectId: 'listed', status: 'paused' }));
  await harness.set('trackingJobs/list-other', jobDocument({ projectId: 'listed', orgId: 'other' }));
  const service = harness.serviceOf(MEMBER);
  expect((await service.getProjectJobs(ORG, 'listed')).map((job) => job.id)).toEqual(['list-new', 'list-old']);
  await harness.setJobs(201, { projectId: 'long' });
  expect(await service.getProjectJobs(ORG, 'long')).toHaveLength(200);
});

describe.each([
  { change: 'cancel', act: 'cancelJob', server: { leaseUntil: daysAgo(-1), expiries: 2, attempt: 1 } },
  { change: 'retry', act: 'retryJob', server: { error: 'Gone.', errorCode: 'AccountNotFoundError', attempt: 3 } },
] as const)('$act', ({ change, act, server }) => {
  const { from } = contract.userTransitions[change];

  test.each(from)('changes a %s job as the contract says, and nothing else', async (status) => {
    const before = jobDocument({ ...server, status, projectId: 'changed', progress: 50, executionArn: 'arn' });
    await harness.set(`trackingJobs/${act}-${status}`, before);
    await harness.serviceOf(MEMBER)[act](`${act}-${status}`);
    const after = await harness.get(`trackingJobs/${act}-${status}`);
    expect(described(after)).toEqual({ ...described(before), ...contract.changes[change] });
  });

  test.each(contract.statuses.filter((status) => !from.includes(status)))('refuses a %s job', async (status) => {
    const path = `trackingJobs/${act}-${status}`;
    await harness.set(path, jobDocument({ status, projectId: 'changed' }));
    const refused = harness.serviceOf(MEMBER)[act](`${act}-${status}`);
    await expect(refused).rejects.toMatchObject({ code: 'illegal-change', status });
    expect(await harness.get(path)).toMatchObject({ status });
  });

  test('says that a deleted job is gone', async () => {
    await expect(harness.serviceOf(MEMBER)[act]('never-was')).rejects.toMatchObject({ code: 'job-not-found' });
  });

  test('is refused to another organisation’s member', async () => {
    await harness.set(`trackingJobs/${act}-foreign`, jobDocument({ status: from[0], projectId: 'changed' }));
    await expect(harness.serviceOf(STRANGER)[act](`${act}-foreign`)).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('pressed in two tabs at once does it once and harms nothing', async () => {
    await harness.set(`trackingJobs/${act}-twice`, jobDocument({ status: from[0], projectId: 'changed' }));
    const tabs = [harness.serviceOf(MEMBER), harness.serviceOf(OWNER)];
    const outcomes = await Promise.allSettled(tabs.map((service) => service[act](`${act}-twice`)));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(refusals.filter((code) => code !== 'illegal-change')).toEqual([]);
    expect(refusals.length).toBeLessThan(2);
    expect(await harness.get(`trackingJobs/${act}-twice`)).toMatchObject({
      status: contract.userTransitions[change].to,
    });
  });
});

describe('cleanupOldJobs', () => {
  test('deletes all old finished jobs, in batches', async () => {
    await harness.setJobs(100, { orgId: 'big', status: 'completed', completedAt: daysAgo(8) });
    await harness.setJobs(3, { orgId: 'big', status: 'failed', completedAt: daysAgo(30) });
    await harness.setJobs(1, { orgId: 'big', status: 'cancelled', createdAt: daysAgo(30), completedAt: daysAgo(6) });
    await harness.setJobs(1, { orgId: 'big', status: 'processing', createdAt: daysAgo(30) });
    await harness.set(`organizations/big/members/${OWNER}`, { role: 'admin' });
    expect(await harness.serviceOf(OWNER, { orgId: 'big' }).cleanupOldJobs()).toBe(103);
    const left = (await harness.jobs()).filter((job) => job.orgId === 'big').map((job) => job.status);
    expect(left.sort()).toEqual(['cancelled', 'processing']);
    expect(await harness.serviceOf(OWNER).cleanupOldJobs(5, 'big')).toBe(1);
  });

  test('run by two at once deletes everything, and neither fails', async () => {
    await harness.setJobs(40, { orgId: 'both', status: 'failed', completedAt: daysAgo(8) });
    await harness.set(`organizations/both/members/${OWNER}`, { role: 'admin' });
    await harness.set(`organizations/both/members/${MEMBER}`, { role: 'owner' });
    const cleaners = [harness.serviceOf(OWNER), harness.serviceOf(MEMBER)];
    const deleted = await Promise.all(cleaners.map((service) => service.cleanupOldJobs(7, 'both')));
    expect(deleted.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(40);
    expect((await harness.jobs()).filter((job) => job.orgId === 'both')).toEqual([]);
  });

  test('is refused to a plain member, and deletes nothing', async () => {
    await harness.set(
      'trackingJobs/kept',
      jobDocument({ status: 'failed', completedAt: daysAgo(9), projectId: 'kept' }),
    );
    await expect(harness.serviceOf(MEMBER).cleanupOldJobs(7, ORG)).rejects.toMatchObject({ code: 'not-allowed' });
    expect(await harness.get('trackingJobs/kept')).toBeDefined();
  });

  test('needs an organisation', async () => {
    await expect(harness.serviceOf(OWNER).cleanupOldJobs()).rejects.toMatchObject({ field: 'orgId' });
  });
});

describe('watchJob', () => {
  test('tells the job and its changes, and says when it is missing', async () => {
    const recorder = new Recorder<number | string>();
    const onJob = ({ progress }: TrackingJob) => recorder.record(progress);
    const stop = harness.serviceOf(MEMBER).watchJob('watched', onJob, ({ code }) => recorder.record(code));
    await recorder.until((told) => told === 'job-not-found');
    await harness.set('trackingJobs/watched', jobDocument({ projectId: 'one' }));
    await recorder.until((told) => told === 0);
    await harness.set('trackingJobs/watched', jobDocument({ projectId: 'one', status: 'processing', progress: 30 }));
    await recorder.until((told) => told === 30);
    await harness.delete('trackingJobs/watched');
    await recorder.until((told) => told === 'job-not-found');
    stop();
    await harness.set('trackingJobs/watched', jobDocument({ projectId: 'one' }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(recorder.all).toEqual(['job-not-found', 0, 30, 'job-not-found']);
  });

  test('tells a refusal in a sentence', async () => {
    await harness.set('trackingJobs/private', jobDocument({ projectId: 'one' }));
    const errors = new Recorder<Error>();
    const stop = harness.serviceOf(STRANGER).watchJob('private', () => expect.unreachable(), errors.record);
    expect(await errors.until(() => true)).toMatchObject({ code: 'not-allowed' });
    stop();
  });
});
