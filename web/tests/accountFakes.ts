/** Made-up accounts with histories and posts, and the calls that return them: for the gallery and the tests of the demo's pages. */

import type { DocumentSnapshot } from 'firebase/firestore';
import type { AccountAccess } from '../demo/account/access';
import type { TrackedAccount, TrackedVideo } from '../src/account';
import { readAccount, readVideo } from '../src/accountDocuments';
import type { TrackingJobError } from '../src/errors';
import type { HistoryPoint, VideoHistoryPoint } from '../src/history';
import type { AccountSource } from '../src/watchAccounts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

export const SOURCE = {} as AccountSource;
export const SCOPE = { orgId: 'org', projectId: 'project' };

const nothing = (id: string) => ({ id, data: () => ({}) }) as unknown as DocumentSnapshot;

export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

/** An account that is refreshed daily and has been for two months, with all counts known. */
export function makeAccount(fields: Partial<TrackedAccount> = {}): TrackedAccount {
  return {
    ...readAccount(nothing(fields.id ?? 'youtube_UC1')),
    platform: 'youtube',
    platformUserId: 'UC1',
    username: 'orbital',
    displayName: 'Orbital Weekly',
    profileUrl: 'https://www.youtube.com/@orbital',
    bio: 'Space news, rocket launches and the people behind them. New videos every Tuesday and Friday.',
    isVerified: true,
    followerCount: 128_400,
    followingCount: 212,
    postCount: 640,
    totalViews: 48_212_900,
    videoCount: 120,
    accountType: 'my',
    dateAdded: daysAgo(60),
    lastSyncedAt: new Date(Date.now() - 3 * HOUR_MS),
    nextRefreshAt: new Date(Date.now() + 21 * HOUR_MS),
    refreshCadence: 'daily',
    refreshHours: 24,
    growth: { since: '2026-01-01', f1: 182, f7: 1_240, f30: 5_310, v1: 61_200, v7: 402_000, v30: 1_610_000 },
    ...fields,
  };
}

/** A wave that looks random, the same at each run. */
const noise = (index: number) => Math.sin(index * 12.9898) * Math.cos(index * 4.1414);

interface Shape {
  followers?: number;
  views?: number;
  /** Followers gained a day. */
  daily?: number;
  /** Days of history, up to today. */
  known?: number;
  /** Counts that the platform hides. */
  hides?: readonly (keyof HistoryPoint)[];
  /** The followers are rounded to so many. */
  step?: number;
}

/** A year of history, with a gap of five days and a day of many new followers. */
export function makeHistory(days: number, shape: Shape = {}): HistoryPoint[] {
  const { followers = 128_400, views = 48_212_900, daily = 170, known = 400, hides = [], step = 1 } = shape;
  return Array.from({ length: days }, (_, index) => {
    const age = days - 1 - index;
    const day = daysAgo(age).toISOString().slice(0, 10);
    const isGap = age >= known || (age > 20 && age < 26);
    const count = followers - daily * age - (age > 12 ? daily * 22 : 0) + daily * 1.5 * noise(age);
    const point: HistoryPoint = {
      day,
      at: new Date(`${day}T07:15:00Z`),
      followers: Math.max(0, Math.floor(count / step) * step),
      following: 212 - Math.floor(age / 9),
      posts: 640 - Math.floor(age / 3),
      views: Math.round(views - 52_000 * age + 9_000 * noise(age / 3)),
      newVideos: age % 3 === 0 ? 1 : 0,
      videoViews: Math.round(views / 2 - 30_000 * age),
    };
    const isHidden = ([name]: [string, unknown]) =>
      name !== 'day' && (isGap || hides.includes(name as keyof HistoryPoint));
    return Object.fromEntries(
      Object.entries(point).map((entry) => [entry[0], isHidden(entry) ? null : entry[1]]),
    ) as unknown as HistoryPoint;
  });
}

const TITLES = [
  'Why this rocket lands on its legs',
  'A walk through mission control at 4 in the morning',
  'We asked an astronaut your questions',
  'The cheapest way to the Moon, explained with marbles',
  'Launch day: everything that went wrong',
];

export function makeVideo(fields: Partial<TrackedVideo> = {}): TrackedVideo {
  return { ...readVideo(nothing(fields.id ?? 'v')), ...fields };
}

/** Posts of a year, the newest first: one of twelve does twice as well as usual, and two have vanished. */
export function makeVideos(count: number): TrackedVideo[] {
  return Array.from({ length: count }, (_, index) => {
    const age = index * 3 + 0.3;
    const multiplier = [0.8, 1.1, 2.4, 0.6, 1.3, 0.9, 5.6, 1, 0.7, 1.2, 12, 0.5][index % 12] ?? 1;
    const viewCount = Math.round(21_000 * multiplier * (1 + 0.2 * noise(index)));
    const title = TITLES[index % TITLES.length] ?? '';
    return makeVideo({
      id: `v${index}`,
      url: `https://www.youtube.com/watch?v=v${index}`,
      title,
      text: title,
      publishedAt: new Date(Date.now() - age * DAY_MS + (index % 5) * 2 * HOUR_MS),
      durationS: 94 + 61 * (index % 9),
      mediaType: 'video',
      viewCount,
      likeCount: Math.round(viewCount * 0.041),
      commentCount: Math.round(viewCount * 0.0042),
      shareCount: index % 4 === 0 ? null : Math.round(viewCount * 0.003),
      d1: Math.round(viewCount / (age + 2)),
      d7: index < 40 ? Math.round((viewCount * 3) / (age + 4)) : 0,
      multiplier: age < 2 ? null : multiplier,
      viewsAt24h: index > 20 ? null : Math.round(viewCount * 0.4),
      viewsAt7d: index > 20 || index < 3 ? null : Math.round(viewCount * 0.8),
      unavailableSince: index === 6 || index === 17 ? daysAgo(4) : null,
      isPinned: index === 1,
    });
  });
}

export function makeVideoHistory(days: number): VideoHistoryPoint[] {
  return Array.from({ length: days }, (_, index) => {
    const age = days - 1 - index;
    const views = age > 40 || age === 17 ? null : Math.round(30_000 * (1 - Math.exp(-(40 - age) / 7)));
    return {
      day: daysAgo(age).toISOString().slice(0, 10),
      views,
      likes: views && Math.round(views * 0.04),
      comments: views && Math.round(views * 0.004),
      shares: null,
    };
  });
}

interface Known {
  /** The history of an account; without it, it never comes. */
  history?: (accountId: string, days: number) => HistoryPoint[];
  videos?: (accountId: string) => TrackedVideo[];
  /** Passed to each watcher in place of its values. */
  error?: TrackingJobError;
  isStale?: boolean;
  /** The end of each write and of each single read. */
  act?: () => Promise<void>;
}

const ORDERS = {
  newest: (a: TrackedVideo, b: TrackedVideo) => (b.publishedAt?.getTime() ?? 0) - (a.publishedAt?.getTime() ?? 0),
  d1: (a: TrackedVideo, b: TrackedVideo) => (b.d1 ?? -1) - (a.d1 ?? -1),
  d7: (a: TrackedVideo, b: TrackedVideo) => (b.d7 ?? -1) - (a.d7 ?? -1),
  multiplier: (a: TrackedVideo, b: TrackedVideo) => (b.multiplier ?? -1) - (a.multiplier ?? -1),
  unavailableSince: (a: TrackedVideo, b: TrackedVideo) =>
    (b.unavailableSince?.getTime() ?? -1) - (a.unavailableSince?.getTime() ?? -1),
};

/** The calls of a page whose database has these values. */
export function makeAccess({ history, videos, error, isStale = false, act = async () => {} }: Known): AccountAccess {
  const connection = isStale ? 'reconnecting' : 'live';
  const stop = () => {};
  return {
    watchHistory(_source, { accountId, days = 30 }, onHistory, onError) {
      if (error) {
        onError?.(error);
      } else if (history) {
        onHistory({ points: history(accountId, days), connection });
      }
      return stop;
    },
    watchVideos(_source, { accountId, newest = 50, order = 'newest' }, onVideos, onError) {
      if (error) {
        onError?.(error);
      } else if (videos) {
        const all = videos(accountId).toSorted(ORDERS[order]);
        onVideos({ items: all.slice(0, newest), hasMore: all.length > newest, connection });
      }
      return stop;
    },
    async getVideoHistory(_source, { videoIds, days = 30 }) {
      await act();
      return new Map(videoIds.map((id) => [id, makeVideoHistory(days)]));
    },
    setRefresh: act,
    refreshNow: act,
    downloadVideos: act,
  };
}
