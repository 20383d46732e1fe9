/** The window of a project's listener, with made-up answers. The emulator tests use Firestore's real answers. */

import type * as firestore from 'firebase/firestore';
import { beforeEach, expect, test, vi } from 'vitest';
import { openWindow } from '../../src/jobWindow';

interface Listener {
  count: number;
  isOpen: boolean;
  tell: (snapshot: unknown) => void;
  fail: (thrown: unknown) => void;
}

const opened = vi.hoisted((): { listeners: Listener[] } => ({ listeners: [] }));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  onSnapshot: (query: { count: number }, _: unknown, tell: Listener['tell'], fail: Listener['fail']) => {
    const listener = { count: query.count, isOpen: true, tell, fail };
    opened.listeners.push(listener);
    return () => {
      listener.isOpen = false;
    };
  },
}));

/** Make a snapshot of `count` jobs: the last one has the status `oldest`, the others wait. */
function snapshot(count: number, oldest: string, fromCache = false) {
  const docs = Array.from({ length: count }, (_, index) => ({ get: () => (index === count - 1 ? oldest : 'pending') }));
  return { docs, metadata: { fromCache } };
}

let told: unknown[];
let failures: unknown[];
let stop: () => void;

beforeEach(() => {
  opened.listeners = [];
  [told, failures] = [[], []];
  const newest = (count: number) => ({ count }) as unknown as firestore.Query;
  stop = openWindow(newest)(
    (heard) => told.push(heard),
    (thrown) => failures.push(thrown),
  );
});

const open = () => opened.listeners.filter(({ isOpen }) => isOpen).map(({ count }) => count);
const tell = (count: number, heard: unknown) => opened.listeners.find((one) => one.count === count)?.tell(heard);

test.each(['completed', 'failed', 'cancelled'])('it looks no further back than to a job that is %s', (oldest) => {
  tell(200, snapshot(200, oldest));
  expect(open()).toEqual([200]);
});

test.each(['pending', 'processing'])('it looks further back than to a job that is %s', (oldest) => {
  tell(200, snapshot(200, oldest));
  expect(open()).toEqual([200, 400]);
});

test('a project that is seen whole is not looked at again', () => {
  tell(200, snapshot(199, 'processing'));
  expect(open()).toEqual([200]);
});

test('what the cache holds is no reason to look further', () => {
  tell(200, snapshot(200, 'processing', true));
  expect(open()).toEqual([200]);
});

test('the narrower listener tells until the wider one answers', () => {
  const [narrow, cached, whole] = [snapshot(200, 'processing'), snapshot(200, 'x', true), snapshot(231, 'processing')];
  tell(200, narrow);
  tell(400, cached);
  tell(200, narrow);
  expect(told).toEqual([narrow, narrow]);
  tell(400, whole);
  expect(told.at(-1)).toBe(whole);
  expect(open()).toEqual([400]);
  tell(400, cached);
  expect(told.at(-1)).toBe(cached);
});

test('it stops at 1,600', () => {
  for (const count of [200, 400, 800, 1600]) {
    tell(count, snapshot(count, 'processing'));
  }
  expect(open()).toEqual([1600]);
});

test('one failure ends all, and is told once', () => {
  tell(200, snapshot(200, 'processing'));
  opened.listeners[1]?.fail('refused');
  expect([open(), failures]).toEqual([[], ['refused']]);
});

test('stopping ends all', () => {
  tell(200, snapshot(200, 'processing'));
  stop();
  expect(open()).toEqual([]);
});
