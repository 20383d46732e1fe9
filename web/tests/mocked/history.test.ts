/** Which days and documents a page asks for, and when it hears of them. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import { type Firestore, type QuerySnapshot, Timestamp } from 'firebase/firestore';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AccountHistory, getVideoHistory, watchHistory } from '../../src/historyEntry';

interface Listener {
  next: (snapshot: QuerySnapshot) => void;
  failed: (thrown: unknown) => void;
}

const database = vi.hoisted(() => ({
  /** The first document of the last query. */
  from: '',
  path: '',
  listeners: [] as unknown[],
  answer: async (): Promise<unknown> => ({ docs: [] }),
}));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  collection: (_: unknown, ...path: string[]) => {
    database.path = path.join('/');
  },
  where: (_field: unknown, _operator: string, from: string) => {
    database.from = from;
  },
  query: () => ({}),
  onSnapshot: (_query: unknown, _options: unknown, next: Listener['next'], failed: Listener['failed']) => {
    const listener = { next, failed };
    database.listeners.push(listener);
    return () => {
      database.listeners = database.listeners.filter((one) => one !== listener);
    };
  },
  getDocsFromServer: () => database.answer(),
}));

const source = { firestore: {} as Firestore };
const scope = { orgId: 'acme', projectId: 'p1', accountId: 'a1' };

beforeEach(() => {
  database.listeners = [];
  vi.useFakeTimers({ now: new Date('2026-11-30T15:00:00Z') });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function at(time: string): void {
  vi.setSystemTime(new Date(time));
}

/** Make the answer of the database; `documents` are by id. */
function answer(documents: Record<string, object>, fromCache = false): QuerySnapshot {
  const docs = Object.entries(documents).map(([id, data]) => ({ id, data: () => data }));
  return { docs, metadata: { fromCache } } as unknown as QuerySnapshot;
}

function point(time: string, followers: number | null) {
  return { at: Timestamp.fromDate(new Date(time)), f: followers, g: 7, p: 4, v: null, n: 0, tv: 5 };
}

/** Watch the history, and return all that it told. */
function watch(days?: number) {
  const told: AccountHistory[] = [];
  const errors: string[] = [];
  const stop = watchHistory(
    source,
    { ...scope, ...(days === undefined ? {} : { days }) },
    (history) => told.push(history),
    ({ code }) => errors.push(code),
  );
  const [listener] = database.listeners as [Listener];
  const followers = () => told.at(-1)?.points.map((one) => one.followers);
  const daysTold = () => told.at(-1)?.points.map(({ day }) => day) ?? [];
  return { told, errors, stop, followers, days: daysTold, ...listener };
}

describe('the days of a time', () => {
  test.each([
    [1, '2026-11-30T00:00:00Z', '2026-11-30', '2026-11'],
    [7, '2026-11-30T23:59:59Z', '2026-11-24', '2026-11'],
    [30, '2026-11-30T15:00:00Z', '2026-11-01', '2026-11'],
    [30, '2026-12-01T00:00:00Z', '2026-11-02', '2026-11'],
    [30, '2028-03-01T00:00:00Z', '2028-02-01', '2028-02'], // a leap year
    [90, '2027-01-15T15:00:00Z', '2026-10-18', '2026-10'],
    [365, '2026-12-31T23:59:59Z', '2026-01-01', '2026-01'],
    [365, '2028-12-31T15:00:00Z', '2028-01-02', '2028-01'],
    [500, '2027-01-10T15:00:00Z', '2025-08-29', '2025'], // over the ends of two years
    [731, '2027-01-01T15:00:00Z', '2025-01-01', '2024'], // this day's week began in 2024
  ])('%i days on %s begin on %s', (days, now, first, document) => {
    at(now);
    const { next, stop, days: told } = watch(days);
    next(answer({}));
    expect(told()).toHaveLength(days);
    expect(told()[0]).toBe(first);
    expect(told().at(-1)).toBe(now.slice(0, 10));
    expect(new Set(told()).size).toBe(days);
    expect(told()).toEqual(told().toSorted());
    expect(database).toMatchObject({
      from: document,
      path: 'organizations/acme/projects/p1/trackedAccounts/a1/accountHistory',
    });
    stop();
  });

  test('are 30 without a number', () => {
    const { next, stop, days } = watch();
    next(answer({}));
    expect(days()).toHaveLength(30);
    stop();
  });

  test.each([0, -1, 1.5, 3_661, Number.NaN, '30' as unknown as number])('cannot be %s', async (days) => {
    const refusal = expect.objectContaining({ code: 'invalid-input', field: 'days' });
    expect(() => watchHistory(source, { ...scope, days }, () => {})).toThrow(refusal);
    await expect(getVideoHistory(source, { ...scope, videoIds: ['v1'], days })).rejects.toEqual(refusal);
    expect(database.listeners).toEqual([]);
  });
});

describe('watchHistory', () => {
  const documents = {
    '2026-11': { days: { '29': point('2026-11-29T10:00:00Z', 10), '30': point('2026-11-30T10:00:00Z', null) } },
    '2026-12': { days: { '02': point('2026-12-02T10:00:00Z', 0) } },
  };

  test('tells gaps, hidden counts and month ends', () => {
    at('2026-12-02T15:00:00Z');
    const { told, next, stop, followers } = watch(5);
    next(answer(documents));
    expect(followers()).toEqual([null, 10, null, null, 0]); // no point, known, hidden, no point, none at all
    expect(told[0]?.points.map((one) => one.at?.toISOString() ?? null)).toEqual([
      null,
      '2026-11-29T10:00:00.000Z',
      '2026-11-30T10:00:00.000Z',
      null,
      '2026-12-02T10:00:00.000Z',
    ]);
    expect(told[0]?.points[1]).toEqual({
      day: '2026-11-29',
      at: new Date('2026-11-29T10:00:00Z'),
      followers: 10,
      following: 7,
      posts: 4,
      views: null,
      newVideos: 0,
      videoViews: 5,
    });
    stop();
  });

  test('reads weeks and days over the ends of years', () => {
    at('2027-01-02T15:00:00Z');
    const { told, next, stop } = watch(800);
    next(
      answer({
        '2024': { weeks: { '52': point('2024-12-29T10:00:00Z', 1) } },
        '2025': { weeks: { '01': point('2025-01-05T10:00:00Z', 2), '52': point('2025-12-28T10:00:00Z', 3) } },
        '2025-12': { days: { '28': point('2025-12-28T10:00:00Z', 3), '31': point('2025-12-31T10:00:00Z', 4) } },
        '2026': { weeks: { '01': point('2026-01-04T10:00:00Z', 5) } },
        '2026-12': { days: { '31': point('2026-12-31T10:00:00Z', 6) } },
        '2027-01': { days: { '01': point('2027-01-01T10:00:00Z', 7) } },
      }),
    );
    const known = told[0]?.points.filter((one) => one.followers !== null);
    expect(known?.map(({ day, followers }) => `${day} ${followers}`)).toEqual([
      '2024-12-29 1',
      '2025-01-05 2',
      '2025-12-28 3',
      '2025-12-31 4',
      '2026-01-04 5',
      '2026-12-31 6',
      '2027-01-01 7',
    ]);
    stop();
  });

  test('goes on to the next day at midnight UTC', () => {
    at('2026-11-30T23:59:00Z');
    const { told, next, stop, followers, days } = watch(2);
    next(answer(documents));
    expect(followers()).toEqual([10, null]);
    vi.advanceTimersByTime(59_999);
    expect(told).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(days()).toEqual(['2026-11-30', '2026-12-01']);
    vi.advanceTimersByTime(86_400_000);
    expect(days()).toEqual(['2026-12-01', '2026-12-02']);
    expect(followers()).toEqual([null, 0]);
    stop();
    expect(told).toHaveLength(3);
  });

  test('says when the points are the last known ones', () => {
    const { told, next, stop } = watch(2);
    next(answer(documents));
    next(answer(documents, true));
    expect(told.map(({ connection }) => connection)).toEqual(['live', 'reconnecting']);
    expect(told[1]?.points).toEqual(told[0]?.points);
    stop();
  });

  test('tells nothing at midnight after a refusal', () => {
    const { told, errors, next, failed, stop } = watch(2);
    next(answer(documents));
    failed(Object.assign(new Error(), { code: 'permission-denied' }));
    vi.advanceTimersByTime(29_000); // then it tries again
    expect(vi.getTimerCount()).toBe(1);
    expect([told.length, errors]).toEqual([1, ['not-allowed']]);
    stop();
  });

  test('begins again after a failure', () => {
    const { told, next, failed, stop } = watch(2);
    next(answer(documents));
    failed(Object.assign(new Error(), { code: 'unavailable' }));
    vi.advanceTimersByTime(1_000);
    (database.listeners.at(-1) as Listener).next(answer(documents));
    expect(told).toHaveLength(2);
    stop();
    expect(database.listeners).toHaveLength(1); // the one that failed, which Firestore itself releases
  });

  test.each(['orgId', 'projectId', 'accountId'])('throws for a wrong %s', (field) => {
    const refusal = expect.objectContaining({ code: 'invalid-input', field });
    expect(() => watchHistory(source, { ...scope, [field]: 'a/b' }, () => {})).toThrow(refusal);
  });
});

describe('getVideoHistory', () => {
  const december = { v: { v1: { '01': [5, null, 0, 2] } } };

  test('returns a list for each video, over month ends', async () => {
    at('2026-12-01T00:00:00Z');
    const november = { v: { v1: { '29': [3, 1, 0, 1] }, other: { '29': [9, 9, 9, 9] } } };
    database.answer = async () =>
      answer({ '2026-11': november, '2026-11-2': { v: { v2: { '30': [1, 1, 1, 1] } } }, '2026-12': december });
    const read = await getVideoHistory(source, { ...scope, videoIds: ['v2', 'v1', 'v3'], days: 3 });
    expect([...read.keys()]).toEqual(['v2', 'v1', 'v3']);
    expect(read.get('v1')).toEqual([
      { day: '2026-11-29', views: 3, likes: 1, comments: 0, shares: 1 },
      { day: '2026-11-30', views: null, likes: null, comments: null, shares: null },
      { day: '2026-12-01', views: 5, likes: null, comments: 0, shares: 2 },
    ]);
    expect(read.get('v2')?.map(({ views }) => views)).toEqual([null, 1, null]);
    expect(read.get('v3')?.map(({ views }) => views)).toEqual([null, null, null]);
    expect(database).toMatchObject({
      from: '2026-11',
      path: 'organizations/acme/projects/p1/trackedAccounts/a1/videoHistory',
    });
  });

  test('rejects while nobody is signed in', async () => {
    database.answer = () => expect.unreachable();
    const auth = { authStateReady: async () => {}, currentUser: null } as unknown as Auth;
    const asked = getVideoHistory({ ...source, auth }, { ...scope, videoIds: ['v1'] });
    await expect(asked).rejects.toMatchObject({ code: 'not-signed-in' });
  });

  test.each([
    ['permission-denied', 'not-allowed'],
    ['unavailable', 'unavailable'],
    ['resource-exhausted', 'busy'],
  ])('rejects %s as %s', async (thrown, code) => {
    database.answer = () => Promise.reject(Object.assign(new Error(), { code: thrown }));
    const asked = getVideoHistory(source, { ...scope, videoIds: ['v1'] });
    await expect(asked).rejects.toMatchObject({ name: 'TrackingJobError', code });
  });

  test('gives up when the database does not answer', async () => {
    database.answer = () => new Promise(() => {});
    const asked = expect(getVideoHistory(source, { ...scope, videoIds: ['v1'] })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await asked;
  });
});
