/** Writes and single jobs over a wire that stalls, breaks, or loses replies. */

import { doc, onSnapshot, Transaction } from 'firebase/firestore';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TrackingJob } from '../../src/job';
import { SignIns } from './sign-ins';
import { jobDocument, MEMBER, ORG, PROJECT, Told, type Wire, World } from './world';

vi.setConfig({ testTimeout: 60_000 });

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.end());
afterEach(() => vi.restoreAllMocks());

test('a change that was given up is not written once the network is back', async () => {
  await world.set('trackingJobs/stalled', jobDocument());
  const { service, wire } = await world.wiredServiceOf(MEMBER);
  await service.getJob('stalled'); // connected
  wire.stall();
  await expect(service.cancelJob('stalled')).rejects.toMatchObject({ code: 'unavailable' });
  wire.flow();
  expect(await service.getJob('stalled')).toMatchObject({ status: 'pending' }); // connected again
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await world.get('trackingJobs/stalled')).toMatchObject({ status: 'pending' });
});

describe('watchJob', () => {
  /** Resolves once Firestore has told its listeners that it has no connection. */
  async function watchWithoutConnection(jobId: string) {
    const { service, firestore, wire } = await world.wiredServiceOf(MEMBER);
    await wire.cut();
    const told = new Told<TrackingJob | null>();
    const stop = service.watchJob(jobId, told.tell);
    const raised = new Told<boolean>();
    const ref = doc(firestore, 'trackingJobs', jobId);
    const stopRaised = onSnapshot(ref, { includeMetadataChanges: true }, ({ metadata }) =>
      raised.tell(metadata.fromCache),
    );
    await raised.until((fromCache) => fromCache, 20_000);
    stopRaised();
    return { told, stop, wire };
  }

  test('without a connection says nothing of a job that it does not know, and then what the server says', async () => {
    await world.set('trackingJobs/unseen', jobDocument());
    const { told, stop, wire } = await watchWithoutConnection('unseen');
    expect(told.all).toEqual([]);
    await wire.join();
    await told.until((job) => job?.id === 'unseen', 20_000);
    expect(told.all).toHaveLength(1);
    stop();
  });

  test('without a connection does not say that there is no job, before the server does', async () => {
    const { told, stop, wire } = await watchWithoutConnection('never-was');
    expect(told.all).toEqual([]);
    await wire.join();
    await told.until((job) => job === null, 20_000);
    expect(told.all).toHaveLength(1);
    stop();
  });

  test('tells nothing twice when only the connection went and came back', async () => {
    await world.set('trackingJobs/seen', jobDocument());
    const { service, firestore, wire } = await world.wiredServiceOf(MEMBER);
    const told = new Told<TrackingJob | null>();
    const stop = service.watchJob('seen', told.tell);
    const raised = new Told<boolean>();
    const ref = doc(firestore, 'trackingJobs', 'seen');
    onSnapshot(ref, { includeMetadataChanges: true }, ({ metadata }) => raised.tell(metadata.fromCache));
    await raised.until((fromCache) => !fromCache);
    await wire.cut();
    await raised.until((fromCache) => fromCache, 20_000);
    await wire.join();
    await raised.until((fromCache) => !fromCache, 20_000);
    expect(told.all).toHaveLength(1);
    await world.set('trackingJobs/seen', jobDocument({ progress: 30, status: 'processing' }));
    await told.until((job) => job?.progress === 30);
    expect(told.all).toHaveLength(2);
    stop();
  });
});

test('who was refused and signs in is told at once, even what was told before', async () => {
  const membership = `organizations/${ORG}/members/late`;
  await world.set(membership, { role: 'member' });
  await world.set('trackingJobs/again', jobDocument());
  const signIns = new SignIns();
  const { service, wire } = await world.wiredServiceOf('late', { auth: signIns.auth });
  const [jobs, lists, errors] = [new Told<string>(), new Told<string>(), new Told<string>()];
  const watches = [
    service.watchJob(
      'again',
      (job) => jobs.tell(String(job?.id)),
      ({ code }) => errors.tell(code),
    ),
    service.watchProjectJobs(
      ORG,
      PROJECT,
      (_, connection) => lists.tell(connection),
      ({ code }) => errors.tell(code),
    ),
  ];
  await Promise.all([jobs.until(() => true), lists.until((connection) => connection === 'live')]);
  await wire.cut();
  await world.delete(membership);
  await wire.join();
  await vi.waitUntil(() => errors.all.length === 2, { timeout: 20_000 });
  await world.set(membership, { role: 'member' });
  signIns.change({ uid: 'late' });
  await vi.waitUntil(() => jobs.all.length === 2 && lists.all.at(-1) === 'live', { timeout: 5_000 });
  expect(errors.all).toEqual(['not-allowed', 'not-allowed']);
  for (const stop of watches) {
    stop();
  }
  expect(signIns.heardBy).toBe(0);
});

describe('a retry whose reply was lost', () => {
  /** The write arrives, its reply does not. */
  function loseReplyToWrite(wire: Wire): void {
    const update = Transaction.prototype.update;
    vi.spyOn(Transaction.prototype, 'update').mockImplementationOnce(function (this: Transaction, ...args: unknown[]) {
      wire.loseReplies();
      return Reflect.apply(update, this, args);
    });
  }

  test.each(['pending', 'processing', 'completed'])('is done when the job is %s by then', async (status) => {
    const path = `trackingJobs/retried-${status}`;
    await world.set(path, jobDocument({ status: 'failed' }));
    const { service, wire } = await world.wiredServiceOf(MEMBER);
    await service.getJob('never-was'); // connected
    loseReplyToWrite(wire);
    const retry = service.retryJob(`retried-${status}`);
    await vi.waitUntil(async () => (await world.get(path))?.status === 'pending', { timeout: 10_000 });
    const after = jobDocument({ status, attempt: 2 });
    await world.set(path, after);
    await wire.cut();
    await wire.join();
    await expect(retry).resolves.toBeUndefined();
    expect(await world.get(path)).toEqual(after);
  });
});
