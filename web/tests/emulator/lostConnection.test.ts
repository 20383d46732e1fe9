/** Writes and single jobs over a connection that stalls, breaks or loses replies. */

import { doc, onSnapshot, Transaction } from 'firebase/firestore';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TrackingJob } from '../../src/job';
import { Harness, jobDocument, MEMBER, ORG, PROJECT, Recorder, type Wire } from './emulatorHarness';
import { SignIns } from './signIns';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());
afterEach(() => vi.restoreAllMocks());

/** The network comes back after the rejection. Then the service must not send the change any more. */
test('a change that was given up is never written', async () => {
  await harness.set('trackingJobs/stalled', jobDocument());
  const { service, wire } = await harness.wiredServiceOf(MEMBER);
  await service.getJob('stalled'); // connected
  wire.stall();
  await expect(service.cancelJob('stalled')).rejects.toMatchObject({ code: 'unavailable' });
  wire.flow();
  expect(await service.getJob('stalled')).toMatchObject({ status: 'pending' }); // connected again
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await harness.get('trackingJobs/stalled')).toMatchObject({ status: 'pending' });
});

describe('watchJob', () => {
  /** Watch a job over a cut connection. Resolves once Firestore's listeners know that there is no connection. */
  async function watchWithoutConnection(jobId: string) {
    const { service, firestore, wire } = await harness.wiredServiceOf(MEMBER);
    await wire.cut();
    const recorder = new Recorder<TrackingJob | string>();
    const stop = service.watchJob(jobId, recorder.record, ({ code }) => recorder.record(code));
    const raised = new Recorder<boolean>();
    const ref = doc(firestore, 'trackingJobs', jobId);
    const stopRaised = onSnapshot(ref, { includeMetadataChanges: true }, ({ metadata }) =>
      raised.record(metadata.fromCache),
    );
    await raised.until((fromCache) => fromCache, 20_000);
    stopRaised();
    return { recorder, stop, wire };
  }

  /** Nothing is known of the job before the connection. So the first value comes from the server. */
  test('waits for the server before it tells an unknown job', async () => {
    await harness.set('trackingJobs/unseen', jobDocument());
    const { recorder, stop, wire } = await watchWithoutConnection('unseen');
    expect(recorder.all).toEqual([]);
    await wire.join();
    await recorder.until((job) => typeof job === 'object' && job.id === 'unseen', 20_000);
    expect(recorder.all).toHaveLength(1);
    stop();
  });

  /** Only the server knows that there is no such job. So the watcher hears it after the connection, not before. */
  test('waits for the server before it says that a job is missing', async () => {
    const { recorder, stop, wire } = await watchWithoutConnection('never-was');
    expect(recorder.all).toEqual([]);
    await wire.join();
    await recorder.until((job) => job === 'job-not-found', 20_000);
    expect(recorder.all).toHaveLength(1);
    stop();
  });

  test('tells nothing twice when only the connection changes', async () => {
    await harness.set('trackingJobs/seen', jobDocument());
    const { service, firestore, wire } = await harness.wiredServiceOf(MEMBER);
    const recorder = new Recorder<TrackingJob>();
    const stop = service.watchJob('seen', recorder.record);
    const raised = new Recorder<boolean>();
    const ref = doc(firestore, 'trackingJobs', 'seen');
    onSnapshot(ref, { includeMetadataChanges: true }, ({ metadata }) => raised.record(metadata.fromCache));
    await raised.until((fromCache) => !fromCache);
    await wire.cut();
    await raised.until((fromCache) => fromCache, 20_000);
    await wire.join();
    await raised.until((fromCache) => !fromCache, 20_000);
    expect(recorder.all).toHaveLength(1);
    await harness.set('trackingJobs/seen', jobDocument({ progress: 30, status: 'processing' }));
    await recorder.until((job) => job.progress === 30);
    expect(recorder.all).toHaveLength(2);
    stop();
  });
});

/** The watchers get the same jobs once more, although the jobs have not changed. */
test('a sign-in after a refusal tells everything again at once', async () => {
  const membership = `organizations/${ORG}/members/late`;
  await harness.set(membership, { role: 'member' });
  await harness.set('trackingJobs/again', jobDocument());
  const signIns = new SignIns();
  const { service, wire } = await harness.wiredServiceOf('late', { auth: signIns.auth });
  const [jobs, lists, errors] = [new Recorder<string>(), new Recorder<string>(), new Recorder<string>()];
  const watches = [
    service.watchJob(
      'again',
      (job) => jobs.record(job.id),
      ({ code }) => errors.record(code),
    ),
    service.watchProjectJobs(
      ORG,
      PROJECT,
      (_, connection) => lists.record(connection),
      ({ code }) => errors.record(code),
    ),
  ];
  await Promise.all([jobs.until(() => true), lists.until((connection) => connection === 'live')]);
  await wire.cut();
  await harness.delete(membership);
  await wire.join();
  await vi.waitUntil(() => errors.all.length === 2, { timeout: 20_000 });
  await harness.set(membership, { role: 'member' });
  signIns.change({ uid: 'late' });
  await vi.waitUntil(() => jobs.all.length === 2 && lists.all.at(-1) === 'live', { timeout: 5_000 });
  expect(errors.all).toEqual(['not-allowed', 'not-allowed']);
  for (const stop of watches) {
    stop();
  }
  expect(signIns.heardBy).toBe(0);
});

describe('a retry whose reply was lost', () => {
  /** Let the next write arrive without its reply. */
  function loseReplyToWrite(wire: Wire): void {
    const update = Transaction.prototype.update;
    vi.spyOn(Transaction.prototype, 'update').mockImplementationOnce(function (this: Transaction, ...args: unknown[]) {
      wire.loseReplies();
      return Reflect.apply(update, this, args);
    });
  }

  test.each(['pending', 'processing', 'completed'])('is done when the job is %s by then', async (status) => {
    const path = `trackingJobs/retried-${status}`;
    await harness.set(path, jobDocument({ status: 'failed' }));
    const { service, wire } = await harness.wiredServiceOf(MEMBER);
    await service.getJob('never-was'); // connected
    loseReplyToWrite(wire);
    const retry = service.retryJob(`retried-${status}`);
    await harness.untilStatus(path, 'pending');
    const after = jobDocument({ status, attempt: 2 });
    await harness.set(path, after);
    await wire.cut();
    await wire.join();
    await expect(retry).resolves.toBeUndefined();
    expect(await harness.get(path)).toEqual(after);
  });
});
