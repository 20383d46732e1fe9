/** Figures, texts and files of the demo's page of an account. */

import { describe, expect, test } from 'vitest';
import {
  engagementOf,
  engagementRate,
  gainIn,
  isNew,
  isRounded,
  madeUpBefore,
  outlierLevel,
  pointsOf,
  postsPerWeek,
  rangeOf,
  shareOfOutliers,
} from '../../demo/account/figures';
import { historyCsv } from '../../demo/account/historyCsv';
import { cadenceWords, nextLook, nextRefresh, unavailableNotice, whyNotNow } from '../../demo/account/refreshWords';
import { clock, comparedWith, until, utcDay } from '../../demo/account/words';
import { dayBefore } from '../../demo/days';
import { full, percent, signed } from '../../demo/format';
import { UNAVAILABLE } from '../../src/account';
import type { HistoryPoint } from '../../src/history';
import { makeAccount, makeVideo } from '../accountFakes';
import { pointsOf as series } from '../chartSeries';

const NOW = new Date('2026-11-30T12:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const earlier = (ms: number) => new Date(NOW.getTime() - ms);
const synced = makeAccount({ lastSyncedAt: NOW, followerCount: 1_000 });
const point = (day: string, fields: Partial<HistoryPoint> = {}): HistoryPoint => ({
  day,
  at: null,
  followers: null,
  following: null,
  posts: null,
  views: null,
  newVideos: null,
  videoViews: null,
  ...fields,
});
/** Points of days in a row up to 30 November, with these followers. */
const history = (followers: readonly (number | null)[]) =>
  series(followers).map(({ day, value }) => point(day, { followers: value }));

describe('the engagement rate', () => {
  const post = { mediaType: 'video', viewCount: 200, likeCount: 8, commentCount: 2 } as const;

  test.each([
    ['by views', {}, 0.05],
    ['of an image by followers', { mediaType: 'image', viewCount: null }, 0.01],
    ['of a text with views by its views', { mediaType: 'text' }, 0.05],
    ['of hidden likes', { likeCount: null }, null],
    ['of hidden comments', { commentCount: null }, null],
    ['of a video without views', { viewCount: null }, null],
    ['of a video that nobody saw', { viewCount: 0 }, null],
  ] as const)('%s', (_, fields, rate) => {
    expect(engagementOf({ ...post, ...fields }, 1_000)).toBe(rate);
  });

  test('of an image is unknown while followers are hidden', () => {
    expect(engagementOf({ ...post, mediaType: 'image', viewCount: null }, null)).toBeNull();
  });

  test('is the median of the posts of 30 days', () => {
    const videos = [
      makeVideo({ ...post, publishedAt: earlier(DAY) }),
      makeVideo({ ...post, likeCount: 18, publishedAt: earlier(2 * DAY) }),
      makeVideo({ ...post, likeCount: 198, publishedAt: earlier(29 * DAY) }),
      makeVideo({ ...post, likeCount: null, publishedAt: earlier(3 * DAY) }),
      makeVideo({ ...post, likeCount: 98, publishedAt: earlier(31 * DAY) }),
      makeVideo({ ...post, likeCount: 98, publishedAt: earlier(DAY), unavailableSince: NOW }),
    ];
    expect(engagementRate(videos, synced, NOW)).toEqual({ share: 0.1, counted: 3, posts: 4, isByFollowers: false });
    expect(engagementRate(videos.slice(0, 2), synced, NOW).share).toBeCloseTo(0.075);
    expect(engagementRate([], synced, NOW)).toEqual({ share: null, counted: 0, posts: 0, isByFollowers: false });
  });
});

describe('posts a week', () => {
  const posts = (...days: number[]) => days.map((age) => makeVideo({ publishedAt: earlier(age * DAY) }));

  test('count 30 days', () => {
    expect(postsPerWeek({ items: posts(1, 2, 29, 40), hasMore: false }, synced, NOW)).toBeCloseTo(0.7);
  });

  test('count the days before the last fetch', () => {
    const account = makeAccount({ lastSyncedAt: earlier(20 * DAY) });
    expect(postsPerWeek({ items: posts(21, 40), hasMore: false }, account, NOW)).toBeCloseTo((2 / 30) * 7);
  });

  test('of an account with many posts count the time that is loaded', () => {
    expect(postsPerWeek({ items: posts(1, 2, 3, 7), hasMore: true }, synced, NOW)).toBe(4);
  });

  test('are unknown while no post is saved, and else 0', () => {
    expect(postsPerWeek({ items: [], hasMore: false }, makeAccount({ videoCount: null }), NOW)).toBeNull();
    expect(postsPerWeek({ items: [], hasMore: false }, makeAccount({ videoCount: 0 }), NOW)).toBe(0);
    expect(postsPerWeek({ items: posts(200), hasMore: false }, synced, NOW)).toBe(0);
  });
});

describe('marks of a post', () => {
  test.each([
    [null, null],
    [1.9, null],
    [2, 2],
    [4.9, 2],
    [5, 5],
    [12, 10],
  ])('a multiplier of %s is an outlier of level %s', (multiplier, level) => {
    expect(outlierLevel({ multiplier })).toBe(level);
  });

  test('a post is new for 7 days', () => {
    expect(isNew({ publishedAt: earlier(7 * DAY - 1) }, NOW)).toBe(true);
    expect(isNew({ publishedAt: earlier(7 * DAY) }, NOW)).toBe(false);
    expect(isNew({ publishedAt: null }, NOW)).toBe(false);
  });

  test('the share of outliers leaves out unknown multipliers', () => {
    const videos = [1.9, 2, 3, null, 0.5].map((multiplier) => makeVideo({ multiplier }));
    expect(shareOfOutliers(videos)).toEqual({ share: 0.5, counted: 4, posts: 5 });
    expect(shareOfOutliers([makeVideo()])).toEqual({ share: null, counted: 0, posts: 1 });
  });
});

describe('the gain in a range', () => {
  test.each([
    ['of a whole time', [90, 100, 110], 2, { absolute: 20, from: '2026-11-28', to: '2026-11-30', isWhole: true }],
    ['before today is fetched', [90, 100, 130, null], 2, { absolute: 40, to: '2026-11-29', isWhole: true }],
    ['without a value on the first day', [90, null, 100, 110], 2, { absolute: 10, from: '2026-11-29', isWhole: false }],
    ['of a shorter history', [100, 110], 30, { absolute: 10, percent: 10, from: '2026-11-29', isWhole: false }],
    ['of an account that had nobody', [0, 10], 1, { absolute: 10, percent: null, isWhole: true }],
    ['of a loss', [200, 150], 1, { absolute: -50, percent: -25 }],
  ])('%s', (_, values, days, gain) => {
    expect(gainIn(series(values), days)).toMatchObject(gain);
  });

  test.each([[[]], [[null, null]], [[5]], [[5, null]]])('of %j is unknown', (values) => {
    expect(gainIn(series(values), 7)).toBeNull();
  });
});

describe('the range of a chart', () => {
  const known = (count: number, days = 40) =>
    history(Array.from({ length: days }, (_, i) => (i < days - count ? null : 1)));

  test.each([
    ['begins on the day that growth is measured from', 40, 7, '2026-11-23'],
    ['begins with a younger history', 12, 30, '2026-11-19'],
    ['has a week of a very young one', 2, 30, '2026-11-23'],
    ['has a week without any history', 0, 30, '2026-10-31'],
  ])('%s', (_, count, days, from) => {
    expect(rangeOf(known(count), days)).toEqual({ from, to: '2026-11-30' });
  });

  test('of nothing is open', () => {
    expect(rangeOf([], 7)).toEqual({ from: undefined, to: undefined });
  });
});

test('a count is rounded if all of three values end in zeros', () => {
  expect(isRounded(series([1_200_000, null, 1_210_000, 0, 1_210_000]))).toBe(true);
  expect(isRounded(series([1_200_000, 1_210_001, 1_210_000]))).toBe(false);
  expect(isRounded(series([1_200, 1_300]))).toBe(false);
});

test('points before the account was added are made up', () => {
  const account = makeAccount({ dateAdded: new Date('2026-11-29T08:00:00Z') });
  expect(madeUpBefore(history([1, 2, 3]), account)).toEqual(account.dateAdded);
  expect(madeUpBefore(history([null, 2, 3]), account)).toBeNull();
  expect(madeUpBefore(history([1, 2, 3]), makeAccount({ dateAdded: null }))).toBeNull();
});

test('one count of a history keeps its gaps', () => {
  expect(pointsOf(history([1, null]), 'followers')).toEqual(series([1, null]));
});

test('the CSV of a history has no line for a day without a fetch', () => {
  const points = [
    point('2026-11-27', { followers: 1 }),
    point('2026-11-28', { at: new Date('2026-11-28T07:15:00Z'), followers: 5, posts: 0 }),
    point('2026-11-29'),
    point('2026-11-30', { views: 7 }),
  ];
  expect(historyCsv(points, { from: '2026-11-28', to: '2026-11-30' })).toBe(
    'day,fetched,followers,following,posts,views,videoViews,newVideos\r\n' +
      '2026-11-28,2026-11-28T07:15:00.000Z,5,,0,,,\r\n' +
      '2026-11-30,,,,,7,,\r\n',
  );
});

test('days before a moment and before a day are those of UTC', () => {
  expect(dayBefore('2026-03-01', 1)).toBe('2026-02-28');
  expect(dayBefore(new Date('2026-03-02T23:59:00Z'), 2)).toBe('2026-02-28');
});

describe('words', () => {
  test('changes have their sign, and shares their per cent', () => {
    expect([signed(1_234), signed(-300), signed(0)]).toEqual(['+1.2K', '−300', '0']);
    expect([signed(1_234, full), signed(-1_234, full)]).toEqual(['+1,234', '−1,234']);
    expect([0.0451, 0.0043, 0].map(percent)).toEqual(['4.5%', '0.43%', '0%']);
    expect([-0.0351, 0.12, 0.0043].map((share) => signed(share, percent))).toEqual(['−3.5%', '+12%', '+0.43%']);
    expect(signed(-0.000_01, percent)).toBe('0%'); // what is shown as nothing has no sign
    expect(utcDay('2026-11-20')).toBe('Nov 20, 2026');
    expect(utcDay('no day')).toBe('no day');
  });

  test.each([
    [25, '25% more than in the 7 days before'],
    [-40.2, '40% less than in the 7 days before'],
    [0.3, 'as much as in the 7 days before'],
  ])('growth of %s against the period before', (percent, text) => {
    expect(comparedWith(percent, 7)).toBe(text);
  });

  test.each([
    [-5, 'now'],
    [0.4, 'now'],
    [12, 'in 12 minutes'],
    [60, 'in 1 hour'],
    [35 * 60, 'in 35 hours'],
    [48 * 60, 'in 2 days'],
  ])('%s minutes ahead', (minutes, text) => {
    expect(until(earlier(-minutes * 60_000), NOW)).toBe(text);
  });

  test('a time of another day has its date', () => {
    expect(clock(earlier(-5 * 60_000), NOW)).toMatch(/^\d{1,2}:05 [AP]M$/);
    expect(clock(earlier(-5 * DAY), NOW)).toMatch(/^Dec \d, /);
  });
});

describe('refreshes', () => {
  const words = (fields: Parameters<typeof makeAccount>[0], waitsUntil: Date | null = null) =>
    nextRefresh(makeAccount({ nextRefreshAt: earlier(-5 * HOUR), ...fields }), NOW, waitsUntil);

  test.each([
    ['planned', {}, 'Next refresh in 5 hours.'],
    ['due', { nextRefreshAt: earlier(2 * 60_000) }, 'Next refresh within the next minutes.'],
    ['late', { nextRefreshAt: earlier(3 * HOUR) }, expect.stringContaining('is due since')],
    ['off', { refreshCadence: 'off', nextRefreshAt: null }, 'No next refresh: refreshes are off.'],
    ['never chosen', { refreshCadence: null, nextRefreshAt: null }, expect.stringContaining('Choose how often')],
    ['of a taken name', { unavailable: 'name_taken', nextRefreshAt: null }, 'No next refresh.'],
  ] as const)('%s', (_, fields, text) => {
    expect(words(fields)).toEqual(text);
  });

  test('wait for a budget, if it is later than the next refresh', () => {
    expect(words({}, earlier(-6 * HOUR))).toMatch(/^Next refresh after .*: today’s budget/);
    expect(words({}, earlier(-4 * HOUR))).toBe('Next refresh in 5 hours.');
    expect(words({ nextRefreshAt: earlier(HOUR) }, earlier(1))).toContain('is due since');
  });

  test('by default and automatic ones say how often at present', () => {
    expect(cadenceWords(makeAccount({ refreshCadence: 'auto', refreshHours: 36 }))).toContain(
      'At present: every 36 hours.',
    );
    expect(cadenceWords(makeAccount({ refreshCadence: null, refreshHours: 24 }))).toContain('At present: daily.');
    expect(cadenceWords(makeAccount({ refreshCadence: 'auto', refreshHours: 168 }))).toContain('every 7 days.');
    expect(cadenceWords(makeAccount({ refreshCadence: 'daily' }))).not.toContain('At present');
  });

  test('may be asked for once an hour', () => {
    const asked = (fields: Parameters<typeof makeAccount>[0], waits: Date | null = null) =>
      whyNotNow(makeAccount({ lastSyncedAt: earlier(3 * HOUR), ...fields }), NOW, waits);
    expect(asked({})).toBeNull();
    expect(asked({ lastSyncedAt: earlier(HOUR) })).toBeNull();
    expect(asked({ lastSyncedAt: null })).toBeNull();
    expect(asked({ lastSyncedAt: earlier(HOUR - 60_000) })).toMatch(
      /^Refreshed within the last hour\. Again from .*01/,
    );
    expect(asked({ refreshAskedAt: earlier(60_000) })).toMatch(/^Asked for: .*Again from .*59/);
    expect(asked({ refreshAskedAt: earlier(60_000) }, earlier(-9 * HOUR))).toMatch(
      /it begins after .*budget is used up\. Again/,
    );
    expect(asked({ refreshAskedAt: earlier(60_000) }, earlier(1))).toContain('within the next minutes');
    expect(asked({ refreshCadence: 'off' })).toBe('The refreshes of this account are off.');
  });
});

describe('an unavailable account', () => {
  test.each(UNAVAILABLE)('%s has a title and says what to do', (reason) => {
    const { title, text } = unavailableNotice(makeAccount(), reason);
    expect(title).not.toBe('');
    expect(text.length).toBeGreaterThan(40);
  });

  test.each([
    [{ unavailable: 'not_found', nextRefreshAt: earlier(-5 * DAY) }, /in 5 days\. Once it is found/],
    [{ unavailable: 'private', nextRefreshAt: earlier(DAY) }, /within the next minutes/],
    [{ unavailable: 'suspended', refreshCadence: 'off', nextRefreshAt: null }, /refreshes are off/],
    [{ unavailable: 'name_taken', nextRefreshAt: null }, /not looked for again by itself/],
  ] as const)('is looked for again or not: %j', (fields, text) => {
    expect(nextLook(makeAccount(fields), NOW)).toMatch(text);
  });
});
