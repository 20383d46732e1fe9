/**
 * A tracked account and its videos, as a front end sees them. `contracts/account.json` describes them for Python and
 * for this module; a test compares this module with it.
 */

import type { AccountType, Platform } from './job';

/**
 * A document of `organizations/{orgId}/projects/{projectId}/trackedAccounts`. Null stands for a value that the document
 * lacks. A count is also null when the platform hides it, never 0.
 */
export interface TrackedAccount {
  id: string;
  /** Null for a platform that this version does not know. */
  platform: Platform | null;
  platformUserId: string;
  username: string;
  /** The username when the account has no display name. */
  displayName: string;
  profileUrl: string | null;
  avatarUrl: string | null;
  /** Address of our small copy of the avatar (96 px), which lasts longer than `avatarUrl`; null without one. */
  avatar: string | null;
  bio: string;
  /** Null when the platform has no such flag. */
  isVerified: boolean | null;
  isPrivate: boolean;
  followerCount: number | null;
  followingCount: number | null;
  postCount: number | null;
  totalViews: number | null;
  /** Number of saved videos; null until the first job has saved them. */
  videoCount: number | null;
  accountType: AccountType | null;
  lastSyncedAt: Date | null;
  lastJobId: string | null;
  /** Id of the user whose job added the account. */
  addedBy: string | null;
  dateAdded: Date | null;
  /** Null until a job has ended since growth is counted. */
  growth: AccountGrowth | null;
  /** Followers of 30 UTC days, up to the day of the newest point; null for a day without one. Empty until there is one. */
  recentFollowers: (number | null)[];
  /** The latest day on which followers or views changed far more than usual. */
  spikes: { followers: Spike | null; views: Spike | null };
  /** How often the account is refreshed; null: as the deployment does by default. */
  refreshCadence: Cadence | null;
  /** When it is refreshed next; null for never. */
  nextRefreshAt: Date | null;
  /** When somebody last asked for a refresh at once. */
  refreshAskedAt: Date | null;
  /** When it was, or will be, tried again because a refresh failed by the service's own fault. */
  refreshAgainAt: Date | null;
  /** Hours between two refreshes. */
  refreshHours: number | null;
  /** When all its videos were last fetched. */
  fullAt: Date | null;
  /** When all are fetched once more, because some were missing. */
  confirmAt: Date | null;
  /** Days on which it was not found, one after the other. */
  refreshMisses: number | null;
  /** How often it was looked for since it is unavailable. */
  refreshProbes: number | null;
  /** Why it cannot be refreshed: then these are the last known values. */
  unavailable: Unavailable | null;
  unavailableSince: Date | null;
  /** Names that it had before, the oldest first. */
  usernameHistory: { username: string; until: Date | null }[];
}

export const CADENCES = ['off', '6h', 'daily', 'weekly', 'auto'] as const;
export type Cadence = (typeof CADENCES)[number];
export const UNAVAILABLE = ['not_found', 'private', 'suspended', 'name_taken'] as const;
export type Unavailable = (typeof UNAVAILABLE)[number];

/**
 * How much an account grew over 1, 7 and 30 days: `f` in followers, `v` in views. A number is null without a point that
 * long ago, or when one of the two counts is unknown.
 */
export interface AccountGrowth {
  /** The UTC day of the first point: `2026-11-01`. */
  since: string;
  f1: number | null;
  f7: number | null;
  f30: number | null;
  v1: number | null;
  v7: number | null;
  v30: number | null;
}

export interface Spike {
  /** A UTC day: `2026-11-01`. */
  day: string;
  change: number;
  /** The median of the changes of the days before. */
  usual: number;
}

export const MEDIA_TYPES = ['video', 'image', 'carousel', 'text'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** A post of any media type: a document of `.../trackedAccounts/{accountId}/videos`, named by the platform's id. */
export interface TrackedVideo {
  id: string;
  url: string | null;
  title: string;
  caption: string;
  /** The title, or the caption where the platform has no titles. */
  text: string;
  thumbnailUrl: string | null;
  /** Address of our small copy of the thumbnail (at most 320 px); null without one, as for older videos. */
  thumbnail: string | null;
  publishedAt: Date | null;
  durationS: number | null;
  /** `video` for a type that this version does not know. */
  mediaType: MediaType;
  viewCount: number | null;
  likeCount: number | null;
  commentCount: number | null;
  shareCount: number | null;
  saveCount: number | null;
  /** Without `#`. */
  hashtags: string[];
  isPinned: boolean;
  /** Views gained in 1 day and in 7 days; all views of a younger video. */
  d1: number | null;
  d7: number | null;
  /** Views over the median of earlier videos of the same media type; null with fewer than five of them. */
  multiplier: number | null;
  /** Views at the age of 24 hours and of 7 days; null if it was not fetched at about that age. */
  viewsAt24h: number | null;
  viewsAt7d: number | null;
  /** The first time that the platform no longer had it; null while it is there. */
  unavailableSince: Date | null;
  /** When the document was last written: it is written when something has changed. */
  lastSyncedAt: Date | null;
  lastJobId: string | null;
}
