/** What the pipeline saved, as the page shows it. A count is null where the platform hides it or does not say, never 0. */

import { type DocumentData, type QueryDocumentSnapshot, Timestamp } from 'firebase/firestore';
import { ACCOUNT_TYPES, type AccountType, PLATFORMS, type Platform } from '../src/job';

export interface TrackedAccount {
  id: string;
  platform: Platform;
  username: string;
  displayName: string;
  profileUrl: string | null;
  avatarUrl: string | null;
  bio: string;
  isVerified: boolean;
  isPrivate: boolean;
  accountType: AccountType;
  followerCount: number | null;
  postCount: number | null;
  totalViews: number | null;
  lastSyncedAt: Date | null;
}

const MEDIA_TYPES = ['video', 'image', 'carousel', 'text'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

export interface Video {
  id: string;
  url: string | null;
  /** The title, or where the platform has none, the caption. */
  text: string;
  thumbnailUrl: string | null;
  publishedAt: Date | null;
  durationS: number | null;
  mediaType: MediaType;
  viewCount: number | null;
  likeCount: number | null;
  commentCount: number | null;
  isPinned: boolean;
}

export function readAccount(snapshot: QueryDocumentSnapshot): TrackedAccount {
  const data = snapshot.data();
  const username = text(data, 'username');
  return {
    id: snapshot.id,
    platform: oneOf(data, 'platform', PLATFORMS) ?? 'youtube',
    username,
    displayName: text(data, 'displayName') || username,
    profileUrl: link(data, 'profileUrl'),
    avatarUrl: link(data, 'avatarUrl'),
    bio: text(data, 'bio'),
    isVerified: data.isVerified === true,
    isPrivate: data.isPrivate === true,
    accountType: oneOf(data, 'accountType', ACCOUNT_TYPES) ?? 'competitor',
    followerCount: number(data, 'followerCount'),
    postCount: number(data, 'postCount'),
    totalViews: number(data, 'totalViews'),
    lastSyncedAt: moment(data, 'lastSyncedAt'),
  };
}

export function readVideo(snapshot: QueryDocumentSnapshot): Video {
  const data = snapshot.data();
  return {
    id: snapshot.id,
    url: link(data, 'url'),
    text: text(data, 'title') || text(data, 'caption'),
    thumbnailUrl: link(data, 'thumbnailUrl'),
    publishedAt: moment(data, 'publishedAt'),
    durationS: number(data, 'durationS'),
    mediaType: oneOf(data, 'mediaType', MEDIA_TYPES) ?? 'video',
    viewCount: number(data, 'viewCount'),
    likeCount: number(data, 'likeCount'),
    commentCount: number(data, 'commentCount'),
    isPinned: data.isPinned === true,
  };
}

function text(data: DocumentData, name: string): string {
  const value: unknown = data[name];
  return typeof value === 'string' ? value.trim() : '';
}

function number(data: DocumentData, name: string): number | null {
  const value: unknown = data[name];
  return typeof value === 'number' ? value : null;
}

function moment(data: DocumentData, name: string): Date | null {
  const value: unknown = data[name];
  return value instanceof Timestamp ? value.toDate() : null;
}

/** Addresses come from the platforms: only those of the web become links and images. */
function link(data: DocumentData, name: string): string | null {
  const value = text(data, name);
  return /^https?:\/\//i.test(value) ? value : null;
}

function oneOf<T extends string>(data: DocumentData, name: string, allowed: readonly T[]): T | null {
  const value: unknown = data[name];
  return allowed.find((one) => one === value) ?? null;
}
