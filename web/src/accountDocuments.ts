/**
 * Readers of account and video documents. They never throw: a missing or odd field gets the fallback that
 * `contracts/account.json` names, so that one bad document does not break a list.
 */

import { type DocumentData, type DocumentSnapshot, Timestamp } from 'firebase/firestore';
import {
  type AccountGrowth,
  CADENCES,
  MEDIA_TYPES,
  type Spike,
  type TrackedAccount,
  type TrackedVideo,
  UNAVAILABLE,
} from './account';
import { ACCOUNT_TYPES, PLATFORMS } from './job';

export function readAccount(snapshot: DocumentSnapshot): TrackedAccount {
  const data = snapshot.data() ?? {};
  const username = text(data.username);
  return {
    id: snapshot.id,
    platform: oneOf(PLATFORMS, data.platform),
    platformUserId: text(data.platformUserId),
    username,
    displayName: text(data.displayName) || username,
    profileUrl: link(data.profileUrl),
    avatarUrl: link(data.avatarUrl),
    avatar: link(data.avatar?.url),
    bio: text(data.bio),
    isVerified: typeof data.isVerified === 'boolean' ? data.isVerified : null,
    isPrivate: data.isPrivate === true,
    followerCount: count(data.followerCount),
    followingCount: count(data.followingCount),
    postCount: count(data.postCount),
    totalViews: count(data.totalViews),
    videoCount: count(data.videoCount),
    accountType: oneOf(ACCOUNT_TYPES, data.accountType),
    lastSyncedAt: moment(data.lastSyncedAt),
    lastJobId: text(data.lastJobId) || null,
    addedBy: text(data.addedBy) || null,
    dateAdded: moment(data.dateAdded),
    growth: growth(data.growth),
    recentFollowers: Array.isArray(data.recentFollowers) ? data.recentFollowers.map(count) : [],
    spikes: { followers: spike(data.spikes?.followers), views: spike(data.spikes?.views) },
    refreshCadence: oneOf(CADENCES, data.refreshCadence),
    nextRefreshAt: moment(data.nextRefreshAt),
    refreshAskedAt: moment(data.refreshAskedAt),
    refreshAgainAt: moment(data.refreshAgainAt),
    refreshHours: count(data.refreshHours),
    fullAt: moment(data.fullAt),
    confirmAt: moment(data.confirmAt),
    refreshMisses: count(data.refreshMisses),
    refreshProbes: count(data.refreshProbes),
    unavailable: oneOf(UNAVAILABLE, data.unavailable),
    unavailableSince: moment(data.unavailableSince),
    usernameHistory: names(data.usernameHistory),
  };
}

export function readVideo(snapshot: DocumentSnapshot): TrackedVideo {
  const data: DocumentData = snapshot.data() ?? {};
  const title = text(data.title);
  const caption = text(data.caption);
  return {
    id: snapshot.id,
    url: link(data.url),
    title,
    caption,
    text: title || caption,
    thumbnailUrl: link(data.thumbnailUrl),
    thumbnail: link(data.thumbnail?.url),
    publishedAt: moment(data.publishedAt),
    durationS: count(data.durationS),
    mediaType: oneOf(MEDIA_TYPES, data.mediaType) ?? 'video',
    viewCount: count(data.viewCount),
    likeCount: count(data.likeCount),
    commentCount: count(data.commentCount),
    shareCount: count(data.shareCount),
    saveCount: count(data.saveCount),
    hashtags: texts(data.hashtags),
    isPinned: data.isPinned === true,
    d1: change(data.d1),
    d7: change(data.d7),
    multiplier: count(data.multiplier),
    viewsAt24h: count(data.viewsAt24h),
    viewsAt7d: count(data.viewsAt7d),
    unavailableSince: moment(data.unavailableSince),
    lastSyncedAt: moment(data.lastSyncedAt),
    lastJobId: text(data.lastJobId) || null,
  };
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** Read a list of texts; what else is in it is left out. */
export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** A change of a count, which may be negative. */
function change(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function growth(value: unknown): AccountGrowth | null {
  const { since, ...numbers } = (value ?? {}) as DocumentData;
  if (typeof since !== 'string') {
    return null;
  }
  return {
    since,
    f1: change(numbers.f1),
    f7: change(numbers.f7),
    f30: change(numbers.f30),
    v1: change(numbers.v1),
    v7: change(numbers.v7),
    v30: change(numbers.v30),
  };
}

function spike(value: unknown): Spike | null {
  const { day, change: gained, usual } = (value ?? {}) as DocumentData;
  const isWhole = typeof day === 'string' && change(gained) !== null && change(usual) !== null;
  return isWhole ? { day, change: gained, usual } : null;
}

function names(value: unknown): TrackedAccount['usernameHistory'] {
  const found = Array.isArray(value) ? value : [];
  return found.flatMap((one) =>
    text(one?.username) ? [{ username: text(one.username), until: moment(one.until) }] : [],
  );
}

export function moment(value: unknown): Date | null {
  return value instanceof Timestamp ? value.toDate() : null;
}

/** Accept addresses of the web only: they come from the platforms, and become links and images. */
function link(value: unknown): string | null {
  const address = text(value);
  return /^https?:\/\//i.test(address) ? address : null;
}

export function oneOf<T extends string>(choices: readonly T[], value: unknown): T | null {
  return choices.find((choice) => choice === value) ?? null;
}
