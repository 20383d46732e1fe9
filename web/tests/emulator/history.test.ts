/** The history on the emulator, under the real rules, in documents as the functions write them. */

import { type DocumentData, Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type AccountHistory, getVideoHistory, watchHistory } from '../../src/historyEntry';
import { type Newest, type TrackedVideo, watchVideos } from '../../src/service';
import { examplesOf as accountExamplesOf } from '../accountExamples';
import { examplesOf } from '../historyExamples';
import { Harness, MEMBER, ORG, Recorder, STRANGER } from './emulatorHarness';
import { SignIns } from './signIns';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2027-01-15T12:00:00Z') });
  harness = await Harness.create();
});
afterAll(async () => {
  await harness.end();
  vi.useRealTimers();
});

const scopeOf = (accountId: string) => ({ orgId: ORG, projectId: 'charts', accountId });
const pathOf = (accountId: string) => `organizations/${ORG}/projects/charts/trackedAccounts/${accountId}`;

/** Make a point as the functions write it; the number of followers may be hidden. */
function point(day: string, followers: number | null): DocumentData {
  const at = Timestamp.fromDate(new Date(`${day}T10:00:00Z`));
  return { at, f: followers, g: 77, p: 40, v: null, n: 0, tv: 5_000 };
}

/** Write an account's points into their months, or into the years of weeks. */
async function setHistory(accountId: string, documents: Record<string, DocumentData>): Promise<void> {
  for (const [id, document] of Object.entries(documents)) {
    await harness.set(`${pathOf(accountId)}/accountHistory/${id}`, document);
  }
}

/** Return the followers of the days that were fetched: `2026-12-31 1200`. */
function fetched({ points }: AccountHistory): string[] {
  return points.filter(({ at }) => at !== null).map(({ day, followers }) => `${day} ${followers}`);
}

describe('watchHistory', () => {
  test('tells the days of several months, and each change', async () => {
    await setHistory('live', {
      '2026-11': { days: { '30': point('2026-11-30', 1) } },
      '2026-12': { days: { '17': point('2026-12-17', 2), '31': point('2026-12-31', null) } },
      '2027-01': { days: { '01': point('2027-01-01', 0) } },
    });
    const recorder = new Recorder<AccountHistory>();
    const stop = watchHistory(harness.sourceOf(MEMBER), { ...scopeOf('live'), days: 30 }, recorder.record);
    const first = await recorder.until(({ connection }) => connection === 'live');
    expect(fetched(first)).toEqual(['2026-12-17 2', '2026-12-31 null', '2027-01-01 0']);
    expect([first.points.length, first.points[0]?.day, first.points.at(-1)?.day]).toEqual([
      30,
      '2026-12-17',
      '2027-01-15',
    ]);
    const days = { '01': point('2027-01-01', 0), '15': point('2027-01-15', 9) };
    await setHistory('live', { '2027-01': { days } });
    const second = await recorder.until((history) => fetched(history).includes('2027-01-15 9'));
    expect(second.points.at(-1)).toEqual({
      day: '2027-01-15',
      at: new Date('2027-01-15T10:00:00Z'),
      followers: 9,
      following: 77,
      posts: 40,
      views: null,
      newVideos: 0,
      videoViews: 5_000,
    });
    stop();
    const heard = recorder.all.length;
    await setHistory('live', { '2027-01': {} });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(recorder.all).toHaveLength(heard);
  });

  /** The month did not exist when the page began to watch. */
  test("hears of next month's first point", async () => {
    await setHistory('next', { '2026-12': { days: { '31': point('2026-12-31', 1) } } });
    const recorder = new Recorder<AccountHistory>();
    const stop = watchHistory(harness.sourceOf(MEMBER), { ...scopeOf('next'), days: 30 }, recorder.record);
    await recorder.until((history) => fetched(history).length === 1);
    await setHistory('next', { '2027-01': { days: { '01': point('2027-01-01', 2) } } });
    await recorder.until((history) => fetched(history).includes('2027-01-01 2'));
    stop();
  });

  test('reads weeks over the ends of two years', async () => {
    await setHistory('long', {
      '2024': { weeks: { '52': point('2024-12-29', 1) } },
      '2025': { weeks: { '01': point('2025-01-05', 2), '52': point('2025-12-28', 3) } },
      '2025-12': { days: { '31': point('2025-12-31', 4) } },
      '2026-12': { days: { '31': point('2026-12-31', 5) } },
      '2027-01': { days: { '01': point('2027-01-01', 6) } },
    });
    for (const [days, told] of [
      [747, ['2024-12-30 ', '2025-01-05 2', '2025-12-28 3', '2025-12-31 4', '2026-12-31 5', '2027-01-01 6']],
      [365, ['2026-01-16 ', '2026-12-31 5', '2027-01-01 6']],
      [90, ['2026-10-18 ', '2026-12-31 5', '2027-01-01 6']],
      [7, ['2027-01-09 ']],
    ] as const) {
      const recorder = new Recorder<AccountHistory>();
      const stop = watchHistory(harness.sourceOf(MEMBER), { ...scopeOf('long'), days }, recorder.record);
      const history = await recorder.until(({ connection }) => connection === 'live');
      expect([`${history.points[0]?.day} `, ...fetched(history)]).toEqual(told);
      stop();
    }
  });

  test('reads the documents of the contract, odd ones too', async () => {
    const examples = examplesOf('account');
    await setHistory('contract', Object.fromEntries(examples.map(({ id, document }) => [id, document])));
    const recorder = new Recorder<AccountHistory>();
    const errors: unknown[] = [];
    const scope = { ...scopeOf('contract'), days: 1_200 };
    const stop = watchHistory(harness.sourceOf(MEMBER), scope, recorder.record, (error) => errors.push(error));
    const { points } = await recorder.until(({ connection }) => connection === 'live');
    const known = examples.flatMap(({ reads }) => Object.entries(reads)).filter(([, point]) => 'at' in point);
    expect(points.filter(({ at }) => at !== null).map(({ day }) => day)).toEqual(known.map(([day]) => day).sort());
    expect(errors).toEqual([]);
    stop();
  });

  test('reports a refusal once, and retries at once after a sign-in', async () => {
    const membership = `organizations/${ORG}/members/new`;
    await setHistory('later', { '2027-01': { days: { '01': point('2027-01-01', 1) } } });
    const signIns = new SignIns();
    const recorder = new Recorder<AccountHistory>();
    const errors: string[] = [];
    const source = { ...harness.sourceOf('new'), auth: signIns.auth };
    const stop = watchHistory(source, scopeOf('later'), recorder.record, ({ code }) => errors.push(code));
    await vi.waitUntil(() => errors.length === 1, { timeout: 10_000 });
    expect(recorder.all).toEqual([]);
    await harness.set(membership, { role: 'member' });
    signIns.change({ uid: 'new' });
    await recorder.until((history) => fetched(history).includes('2027-01-01 1'), 5_000);
    expect(errors).toEqual(['not-allowed']);
    stop();
    expect(signIns.heardBy).toBe(0);
  });

  test('a lost connection shows the last known points', async () => {
    await setHistory('lost', { '2027-01': { days: { '01': point('2027-01-01', 1) } } });
    const { firestore, wire } = await harness.wiredServiceOf(MEMBER);
    const recorder = new Recorder<AccountHistory>();
    const stop = watchHistory({ firestore }, scopeOf('lost'), recorder.record);
    await recorder.until(({ connection }) => connection === 'live');
    await wire.cut();
    const stale = await recorder.until(({ connection }) => connection === 'reconnecting', 20_000);
    expect(fetched(stale)).toEqual(['2027-01-01 1']);
    await wire.join();
    await recorder.until(({ connection }) => connection === 'live', 20_000);
    stop();
  });
});

describe('getVideoHistory', () => {
  test('returns points of videos in all documents of a month', async () => {
    for (const { id, document } of examplesOf('video')) {
      await harness.set(`${pathOf('videos')}/videoHistory/${id}`, document);
    }
    const videoIds = ['dQw4w9WgXcQ', 'video501', '17890', 'a', 'never-seen'];
    const read = await getVideoHistory(harness.sourceOf(MEMBER), { ...scopeOf('videos'), videoIds, days: 365 });
    const days = videoIds.map((id) =>
      read
        .get(id)
        ?.filter(({ views, shares }) => views !== null || shares !== null)
        .map(({ day, views, likes, comments, shares }) => [day, views, likes, comments, shares].join()),
    );
    expect(days).toEqual([
      ['2026-11-01,1001,100,10,3', '2026-11-30,1002,0,10,'],
      ['2026-11-30,5,4,3,2'],
      [],
      ['2026-08-05,,,,7'],
      [],
    ]);
  });

  test('is refused to other organisations', async () => {
    const asked = getVideoHistory(harness.sourceOf(STRANGER), { ...scopeOf('videos'), videoIds: ['a'] });
    await expect(asked).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('rejects without a connection', async () => {
    const { firestore, wire } = await harness.wiredServiceOf(MEMBER);
    await wire.cut();
    const asked = getVideoHistory({ firestore }, { ...scopeOf('videos'), videoIds: ['a'] });
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test.each([
  ['newest', 'd,c,b,a'],
  ['d1', 'c,a,b'],
  ['d7', 'a,c,b'],
  ['multiplier', 'b,c,a'],
  ['unavailableSince', 'a,c,b'],
] as const)('watchVideos tells the first videos by %s', async (order, expected) => {
  const [example] = accountExamplesOf('video').valid;
  const { d1: _, d7: __, multiplier: ___, unavailableSince: ____, ...older } = example?.document ?? {};
  const published = (number: number) => ({ publishedAt: Timestamp.fromMillis(Date.UTC(2027, 0, number)) });
  const documents = {
    a: { ...older, ...published(1), d1: 5, d7: 90, multiplier: 0.5, unavailableSince: Timestamp.fromMillis(5) },
    b: { ...older, ...published(2), d1: -2, d7: null, multiplier: 4, unavailableSince: null },
    c: { ...older, ...published(3), d1: 7, d7: 20, multiplier: 1.2, unavailableSince: Timestamp.fromMillis(4) },
    d: { ...older, ...published(4) }, // not fetched since these figures are written
  };
  for (const [id, document] of Object.entries(documents)) {
    await harness.set(`${pathOf('ordered')}/videos/${id}`, document);
  }
  const recorder = new Recorder<Newest<TrackedVideo>>();
  const stop = watchVideos(harness.sourceOf(MEMBER), { ...scopeOf('ordered'), order }, recorder.record);
  const { items } = await recorder.until(({ connection }) => connection === 'live');
  expect(items.map(({ id }) => id).join()).toBe(expected);
  stop();
});
