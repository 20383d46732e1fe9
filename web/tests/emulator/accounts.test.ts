/** The readers of accounts and videos on the emulator, under the real rules. */

import { Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Newest,
  type TrackedAccount,
  type TrackedVideo,
  watchAccount,
  watchAccounts,
  watchVideos,
} from '../../src/service';
import { examplesOf } from '../accountExamples';
import { Harness, MEMBER, ORG, Recorder, STRANGER } from './emulatorHarness';
import { SignIns } from './signIns';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());

const scopeOf = (projectId: string) => ({ orgId: ORG, projectId });
const accountPath = (projectId: string, id: string) =>
  `organizations/${ORG}/projects/${projectId}/trackedAccounts/${id}`;
const day = (number: number) => Timestamp.fromMillis(Date.UTC(2026, 10, number));
const ids = ({ items }: Newest<{ id: string }>) => items.map(({ id }) => id).join();

describe('watchAccounts', () => {
  test('tells the newest accounts and each change', async () => {
    const [example] = examplesOf('account').valid;
    for (const number of [1, 2, 3]) {
      await harness.set(accountPath('newest', `a${number}`), { ...example?.document, dateAdded: day(number) });
    }
    const recorder = new Recorder<Newest<TrackedAccount>>();
    const stop = watchAccounts(harness.sourceOf(MEMBER), { ...scopeOf('newest'), newest: 2 }, recorder.record);
    const first = await recorder.until((newest) => ids(newest) === 'a3,a2');
    expect(first).toMatchObject({ hasMore: true, connection: 'live' });
    expect(first.items[0]).toMatchObject({ username: 'nasa', dateAdded: day(3).toDate() });
    await harness.delete(accountPath('newest', 'a1'));
    await recorder.until(({ hasMore }) => !hasMore);
    await harness.set(accountPath('newest', 'a4'), { ...example?.document, dateAdded: day(4) });
    await recorder.until((newest) => ids(newest) === 'a4,a3');
    stop();
    const heard = recorder.all.length;
    await harness.delete(accountPath('newest', 'a4'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(recorder.all).toHaveLength(heard);
  });

  test('shows odd documents beside the others', async () => {
    const { valid, odd } = examplesOf('account');
    for (const { id, document } of [...valid, ...odd]) {
      await harness.set(accountPath('odd', id), { dateAdded: day(1), ...document });
    }
    const recorder = new Recorder<Newest<TrackedAccount>>();
    const errors: unknown[] = [];
    const stop = watchAccounts(harness.sourceOf(MEMBER), scopeOf('odd'), recorder.record, (error) =>
      errors.push(error),
    );
    const { items } = await recorder.until(({ connection }) => connection === 'live');
    expect(items.map(({ id }) => id).sort()).toEqual([...valid, ...odd].map(({ id }) => id).sort());
    expect(errors).toEqual([]);
    stop();
  });

  test('reports a refusal once, and retries at once after a sign-in', async () => {
    const membership = `organizations/${ORG}/members/new`;
    await harness.delete(membership);
    const signIns = new SignIns();
    const recorder = new Recorder<Newest<TrackedAccount>>();
    const errors: string[] = [];
    const source = { ...harness.sourceOf('new'), auth: signIns.auth };
    const stop = watchAccounts(source, scopeOf('later'), recorder.record, ({ code }) => errors.push(code));
    await vi.waitUntil(() => errors.length === 1, { timeout: 10_000 });
    expect(recorder.all).toEqual([]);
    await harness.set(membership, { role: 'member' });
    signIns.change({ uid: 'new' });
    await recorder.until(({ connection }) => connection === 'live', 5_000);
    expect(errors).toEqual(['not-allowed']);
    stop();
    expect(signIns.heardBy).toBe(0);
  });

  test('a lost connection shows the last known accounts', async () => {
    const [example] = examplesOf('account').valid;
    await harness.set(accountPath('lost', 'one'), { ...example?.document });
    const { firestore, wire } = await harness.wiredServiceOf(MEMBER);
    const recorder = new Recorder<Newest<TrackedAccount>>();
    const stop = watchAccounts({ firestore }, scopeOf('lost'), recorder.record);
    await recorder.until((newest) => ids(newest) === 'one' && newest.connection === 'live');
    await wire.cut();
    const stale = await recorder.until(({ connection }) => connection === 'reconnecting', 20_000);
    expect(ids(stale)).toBe('one');
    await wire.join();
    await recorder.until(({ connection }) => connection === 'live', 20_000);
    stop();
  });

  test.each([
    ['orgId', { orgId: '', projectId: 'p' }],
    ['projectId', { orgId: ORG, projectId: 'a/b' }],
    ['newest', { orgId: ORG, projectId: 'p', newest: 0 }],
    ['newest', { orgId: ORG, projectId: 'p', newest: 1.5 }],
  ])('throws for a wrong %s', (field, scope) => {
    const watch = () => watchAccounts(harness.sourceOf(MEMBER), scope, () => expect.unreachable());
    expect(watch).toThrow(expect.objectContaining({ code: 'invalid-input', field }));
  });
});

describe('watchVideos', () => {
  test('tells the newest videos, odd ones too', async () => {
    const { valid, odd } = examplesOf('video');
    for (const [index, { id, document }] of [...valid, ...odd].entries()) {
      const path = `${accountPath('videos', 'account')}/videos/${id}`;
      await harness.set(path, { ...document, publishedAt: day(28 - index) });
    }
    const recorder = new Recorder<Newest<TrackedVideo>>();
    const scope = { ...scopeOf('videos'), accountId: 'account' };
    const stop = watchVideos(harness.sourceOf(MEMBER), scope, recorder.record);
    const newest = await recorder.until(({ connection }) => connection === 'live');
    expect(ids(newest)).toBe([...valid, ...odd].map(({ id }) => id).join());
    stop();
  });

  test('is refused to other organisations', async () => {
    const errors = new Recorder<Error>();
    const scope = { ...scopeOf('videos'), accountId: 'account' };
    const stop = watchVideos(harness.sourceOf(STRANGER), scope, () => expect.unreachable(), errors.record);
    expect(await errors.until(() => true)).toMatchObject({ code: 'not-allowed' });
    stop();
  });

  test('throws for a wrong account id', () => {
    const scope = { ...scopeOf('videos'), accountId: 'a/b' };
    const watch = () => watchVideos(harness.sourceOf(MEMBER), scope, () => expect.unreachable());
    expect(watch).toThrow(expect.objectContaining({ code: 'invalid-input', field: 'accountId' }));
  });
});

test('watchAccount tells an account, its changes and its end', async () => {
  const [example] = examplesOf('account').valid;
  const recorder = new Recorder<TrackedAccount | null>();
  const scope = { ...scopeOf('single'), accountId: 'one' };
  const stop = watchAccount(harness.sourceOf(MEMBER), scope, recorder.record);
  expect(await recorder.until((account) => account === null)).toBeNull();
  await harness.set(accountPath('single', 'one'), { ...example?.document });
  await recorder.until((account) => account?.followerCount === 97_000_000);
  await harness.set(accountPath('single', 'one'), {});
  expect(await recorder.until((account) => account?.username === '')).toMatchObject({ id: 'one', platform: null });
  await harness.delete(accountPath('single', 'one'));
  await recorder.until((account) => account === null);
  stop();
});
