/**
 * Figures of an account, calculated from what the page has loaded. What cannot be known is null, never 0. They belong to
 * this page and not to the package: other pages choose other times, bases and averages.
 */

import type { MediaType, TrackedAccount, TrackedVideo } from '../../src/account';
import type { DayRange, Point } from '../../src/chartsEntry';
import type { HistoryPoint } from '../../src/history';
import { DAY_MS, dayBefore } from '../days';

/** Days of posts that the engagement rate and the posts a week count. */
export const RECENT_DAYS = 30;
const NEW_DAYS = 7;
/** The shortest time of a chart. */
const FEWEST_DAYS = 7;
/** Views over those of the account's usual video, from which on a video is an outlier. The badges begin at these. */
export const OUTLIER_LEVELS = [2, 5, 10] as const;
/** A count has this many equal zeros at its end, on all days, only where the platform rounds it. */
const ROUNDING_STEP = 100;
const FEWEST_ROUNDED = 3;

/** A share of some posts, and how many of them it could be calculated for. */
export interface Share {
  /** From 0 on; 0.05 is 5 %. Null if it is known of no post. */
  share: number | null;
  counted: number;
  posts: number;
}

export interface Engagement extends Share {
  /** Whether a post was compared with the followers, because its kind has no views. */
  isByFollowers: boolean;
}

type Rated = Pick<TrackedVideo, 'mediaType' | 'viewCount' | 'likeCount' | 'commentCount'>;

/**
 * The engagement rate of a post: likes and comments over views. An image, and whatever else has no views by its nature,
 * is compared with the account's followers. Null when a part is hidden or nobody could have seen the post.
 */
export function engagementOf(post: Rated, followers: number | null): number | null {
  const { likeCount, commentCount } = post;
  const base = post.viewCount ?? (hasViews(post.mediaType) ? null : followers);
  return likeCount === null || commentCount === null || !base ? null : (likeCount + commentCount) / base;
}

function hasViews(mediaType: MediaType): boolean {
  return mediaType === 'video';
}

/** The median engagement rate of recent posts, so that one viral post does not move it. */
export function engagementRate(videos: readonly TrackedVideo[], account: TrackedAccount, now: Date): Engagement {
  const posts = recent(videos, endOf(account, now));
  const rates = posts.map((post) => engagementOf(post, account.followerCount)).filter((rate) => rate !== null);
  return {
    share: median(rates),
    counted: rates.length,
    posts: posts.length,
    isByFollowers: posts.some(({ viewCount, mediaType }) => viewCount === null && !hasViews(mediaType)),
  };
}

/**
 * Posts a week, over the 30 days before the account was last fetched. `hasMore`: the account has older videos than
 * these. If all of these are recent, only the time that they cover counts. Null while no videos are saved.
 */
export function postsPerWeek(
  { items, hasMore }: { items: readonly TrackedVideo[]; hasMore: boolean },
  account: TrackedAccount,
  now: Date,
): number | null {
  if (items.length === 0 && account.videoCount !== 0) {
    return null;
  }
  const end = endOf(account, now);
  const posts = recent(items, end);
  const oldest = Math.min(...items.map(({ publishedAt }) => publishedAt?.getTime() ?? Number.POSITIVE_INFINITY));
  const isCut = hasMore && posts.length === items.length;
  const days = isCut ? Math.max((end.getTime() - oldest) / DAY_MS, 1) : RECENT_DAYS;
  return (posts.length / days) * 7;
}

/** The share of videos that are outliers: their views are at least twice those of the account's usual video. */
export function shareOfOutliers(videos: readonly TrackedVideo[]): Share {
  const known = videos.map(({ multiplier }) => multiplier).filter((multiplier) => multiplier !== null);
  const outliers = known.filter((multiplier) => multiplier >= OUTLIER_LEVELS[0]).length;
  return { share: known.length > 0 ? outliers / known.length : null, counted: known.length, posts: videos.length };
}

/** The highest level of outliers that a video reaches; null for a usual one. */
export function outlierLevel({ multiplier }: Pick<TrackedVideo, 'multiplier'>): number | null {
  return OUTLIER_LEVELS.findLast((level) => multiplier !== null && multiplier >= level) ?? null;
}

export function isNew({ publishedAt }: Pick<TrackedVideo, 'publishedAt'>, now: Date): boolean {
  const age = publishedAt === null ? Number.POSITIVE_INFINITY : now.getTime() - publishedAt.getTime();
  return age < NEW_DAYS * DAY_MS;
}

export interface Gain {
  absolute: number;
  /** `absolute` in per cent of the count at the beginning; null if that was 0. */
  percent: number | null;
  /** The days of the two counts. */
  from: string;
  to: string;
  /** Whether `from` is exactly the number of days before `to`. */
  isWhole: boolean;
}

/**
 * The gain in the last `days` days that have a value at their end. If the history is shorter, or has no value of the
 * first day, the gain since the first day that has one. Null with fewer than two values.
 */
export function gainIn(points: readonly Point[], days: number): Gain | null {
  const known = points.filter((point): point is { day: string; value: number } => point.value !== null);
  const last = known.at(-1);
  if (!last) {
    return null;
  }
  const begin = dayBefore(last.day, days);
  const first = known.find(({ day }) => day >= begin);
  if (!first || first.day === last.day) {
    return null;
  }
  const absolute = last.value - first.value;
  return {
    absolute,
    percent: first.value > 0 ? (absolute / first.value) * 100 : null,
    from: first.day,
    to: last.day,
    isWhole: first.day === begin,
  };
}

/** Whether the platform rounds a count, as many do for large accounts. Such a line is drawn as stairs. */
export function isRounded(points: readonly Point[]): boolean {
  const known = points.map(({ value }) => value).filter((value) => value !== null && value !== 0);
  return known.length >= FEWEST_ROUNDED && known.every((value) => value !== null && value % ROUNDING_STEP === 0);
}

/**
 * The days that a chart of `days` days shows. The first is the one that the growth is measured from. A history that is
 * younger fills the chart, from a week on.
 */
export function rangeOf(points: readonly HistoryPoint[], days: number): DayRange {
  const wanted = Math.max(points.length - 1 - days, 0);
  const first = Math.min(points.findIndex(hasPoint), points.length - 1 - FEWEST_DAYS);
  return { from: points[Math.max(wanted, first)]?.day, to: points.at(-1)?.day };
}

type CountName = 'followers' | 'following' | 'posts' | 'views' | 'videoViews';

/** One count of a history, for a chart. */
export function pointsOf(points: readonly HistoryPoint[], name: CountName): Point[] {
  return points.map((point) => ({ day: point.day, value: point[name] }));
}

export function hasValues(points: readonly Point[], { from = '', to = '9999' }: DayRange = {}): boolean {
  return points.some(({ day, value }) => value !== null && from <= day && day <= to);
}

/**
 * The day that the account was added, if the points go back further. No fetch made those: the demo makes up a history.
 * Null otherwise.
 */
export function madeUpBefore(points: readonly HistoryPoint[], { dateAdded }: TrackedAccount): Date | null {
  const added = dateAdded?.toISOString().slice(0, 10) ?? '';
  return points.some((point) => point.day < added && hasPoint(point)) ? dateAdded : null;
}

/** Whether the account was fetched on the day of this point. */
export function hasPoint({ day: _, ...values }: HistoryPoint): boolean {
  return Object.values(values).some((value) => value !== null);
}

/** Posts of the days before `end`. Those that vanished are no more a part of the account. */
function recent(videos: readonly TrackedVideo[], end: Date): TrackedVideo[] {
  const begin = end.getTime() - RECENT_DAYS * DAY_MS;
  return videos.filter(
    ({ publishedAt, unavailableSince }) => publishedAt && publishedAt.getTime() > begin && !unavailableSince,
  );
}

/** The moment up to which the account's posts are known. */
function endOf({ lastSyncedAt }: TrackedAccount, now: Date): Date {
  return lastSyncedAt ?? now;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
