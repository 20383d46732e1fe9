/** Several watchers of one project's jobs, over a connection that breaks. */

import { addDoc, collection, serverTimestamp, Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connection, TrackingJob } from '../../src/service';
import { Harness, jobDocument, MEMBER, ORG, Recorder, STRANGER } from './emulatorHarness';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());

interface Seen {
  usernames: string[];
  connection: Connection;
}

class Watch extends Recorder<Seen> {
  readonly onJobs = (jobs: TrackingJob[], connection: Connection): void => {
    this.record({ usernames: jobs.map((job) => job.username), connection });
  };
}

test('all watchers hear each change; one that left hears nothing', async () => {
  const service = harness.serviceOf(MEMBER);
  const [early, late, gone] = [new Watch(), new Watch(), new Watch()];
  const stopEarly = service.watchProjectJobs(ORG, 'shared', early.onJobs);
  const stopGone = service.watchProjectJobs(ORG, 'shared', gone.onJobs);
  await early.until(({ connection }) => connection === 'live');
  stopGone();
  const heard = gone.all.length;
  const stopLate = service.watchProjectJobs(ORG, 'shared', late.onJobs);
  expect(late.all).toEqual([]);
  await late.until(({ connection }) => connection === 'live', 500);
  await harness.set('trackingJobs/shared-1', jobDocument({ projectId: 'shared', username: 'one' }));
  for (const watch of [early, late]) {
    await watch.until(({ usernames }) => usernames.join() === 'one');
  }
  expect(gone.all.length).toBe(heard);
  stopEarly();
  await harness.set('trackingJobs/shared-1', jobDocument({ projectId: 'shared', username: 'two' }));
  await late.until(({ usernames }) => usernames.join() === 'two');
  stopLate();
  stopLate(); // a second call does no harm
});

test('the last watcher releases the listener, the next reopens it', async () => {
  const service = harness.serviceOf(MEMBER);
  await harness.set('trackingJobs/again', jobDocument({ projectId: 'again', username: 'one' }));
  const first = new Watch();
  const stop = service.watchProjectJobs(ORG, 'again', first.onJobs);
  await first.until(({ usernames }) => usernames.length === 1);
  stop();
  await harness.set('trackingJobs/again', jobDocument({ projectId: 'again', username: 'two' }));
  const second = new Watch();
  const stopSecond = service.watchProjectJobs(ORG, 'again', second.onJobs);
  await second.until(({ usernames, connection }) => usernames.join() === 'two' && connection === 'live');
  expect(second.all).not.toContainEqual({ usernames: ['one'], connection: 'live' });
  expect(first.all.at(-1)?.usernames).toEqual(['one']);
  stopSecond();
});

test('a job that cannot be read does not break the list', async () => {
  const watch = new Watch();
  await harness.set('trackingJobs/fine', jobDocument({ projectId: 'tolerant', username: 'fine' }));
  await harness.set('trackingJobs/bare', { orgId: ORG, projectId: 'tolerant', createdAt: jobDocument().createdAt });
  const stop = harness.serviceOf(MEMBER).watchProjectJobs(ORG, 'tolerant', watch.onJobs);
  await watch.until(({ usernames }) => usernames.join() === 'fine');
  stop();
});

/** Meanwhile the jobs are `reconnecting`, without an error. They become `live` again without any call. */
test('a lost connection shows the last known jobs until it is back', async () => {
  const { service, wire } = await harness.wiredServiceOf(MEMBER);
  await harness.set('trackingJobs/lost', jobDocument({ projectId: 'lost', username: 'one' }));
  const watch = new Watch();
  const errors: Error[] = [];
  const stop = service.watchProjectJobs(ORG, 'lost', watch.onJobs, (error) => errors.push(error));
  await watch.until(({ connection }) => connection === 'live');
  await wire.cut();
  const lastKnown = await watch.until(({ connection }) => connection === 'reconnecting');
  const late = new Watch();
  const stopLate = service.watchProjectJobs(ORG, 'lost', late.onJobs);
  expect(await late.until(() => true, 1_000)).toEqual(lastKnown); // from the listener that both share
  stopLate();
  await harness.set('trackingJobs/lost', jobDocument({ projectId: 'lost', username: 'two' }));
  await wire.join();
  await watch.until(({ connection, usernames }) => connection === 'live' && usernames.join() === 'two', 20_000);
  expect(watch.all.filter(({ connection }) => connection === 'reconnecting')).toEqual([
    { usernames: ['one'], connection: 'reconnecting' },
  ]);
  expect(errors).toEqual([]);
  stop();
}, 40_000);

/** The page itself wrote the job. Until the server has the job, the SDK estimates the server's time. */
test('a job that is not on the server yet has a time', async () => {
  const { service, firestore, wire } = await harness.wiredServiceOf(MEMBER);
  const recorder = new Recorder<TrackingJob[]>();
  const stop = service.watchProjectJobs(ORG, 'estimated', recorder.record);
  await recorder.until(() => true);
  await wire.cut();
  const fields = jobDocument({ projectId: 'estimated', createdAt: serverTimestamp() });
  void addDoc(collection(firestore, 'trackingJobs'), fields).catch(() => {}); // as older pages do; it waits for the connection
  const [job] = await recorder.until((jobs) => jobs.length === 1);
  expect(Math.abs(Date.now() - (job?.createdAt?.getTime() ?? 0))).toBeLessThan(60_000);
  stop();
}, 40_000);

/** An empty list that is `live` would say that the project has no jobs. */
test('a page that opens without a connection is reconnecting', async () => {
  const { service, wire } = await harness.wiredServiceOf(MEMBER);
  await wire.cut();
  const watch = new Watch();
  const stop = service.watchProjectJobs(ORG, 'lost', watch.onJobs);
  expect(await watch.until(() => true, 20_000)).toEqual({ usernames: [], connection: 'reconnecting' });
  await wire.join();
  await watch.until(({ connection }) => connection === 'live', 20_000);
  stop();
}, 45_000);

test('a refusal is told to each watcher once, and shows nothing', async () => {
  const service = harness.serviceOf(STRANGER);
  const watch = new Watch();
  const [first, second] = [new Recorder<Error>(), new Recorder<Error>()];
  const stopFirst = service.watchProjectJobs(ORG, 'refused', watch.onJobs, first.record);
  const stopSecond = service.watchProjectJobs(ORG, 'refused', () => {}, second.record);
  for (const errors of [first, second]) {
    expect(await errors.until(() => true)).toMatchObject({ code: 'not-allowed' });
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than the pause after another failure
  expect(first.all).toHaveLength(1);
  expect(watch.all).toEqual([{ usernames: [], connection: 'reconnecting' }]);
  stopFirst();
  stopSecond();
});

/** The queue takes the oldest job first, so the running job is the oldest of these 231 jobs. */
test('running jobs are shown although many wait', async () => {
  const oldest = (username: string, status: string) =>
    harness.set(
      'trackingJobs/crowd-oldest',
      jobDocument({ projectId: 'crowd', username, status, createdAt: Timestamp.fromMillis(0) }),
    );
  await harness.setJobs(230, { projectId: 'crowd' });
  await oldest('at work', 'processing');
  const watch = new Watch();
  const stop = harness.serviceOf(MEMBER).watchProjectJobs(ORG, 'crowd', watch.onJobs);
  const whole = await watch.until(({ usernames }) => usernames.length === 231);
  expect([whole.usernames.at(-1), whole.connection]).toEqual(['at work', 'live']);
  await oldest('done', 'completed');
  await watch.until(({ usernames }) => usernames.at(-1) === 'done');
  expect(watch.all.map(({ connection }) => connection)).not.toContain('reconnecting');
  stop();
});
