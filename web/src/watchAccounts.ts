import {
  collection,
  type DocumentSnapshot,
  doc,
  limit,
  onSnapshot,
  orderBy,
  type Query,
  type QuerySnapshot,
  query,
} from 'firebase/firestore';
import type { TrackedAccount, TrackedVideo } from './account';
import { readAccount, readVideo } from './accountDocuments';
import { type AccountScope, type AccountSource, accountPath, accountsPath, type ProjectScope } from './accountPaths';
import { checkChoice, checkNewest } from './inputChecks';
import { logError, type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';
import type { Connection } from './sharedJobListener';
import { watchDocument } from './watchDocument';

export type { AccountScope, AccountSource, ProjectScope };

/** The first items of a collection, which are the newest ones unless another order was asked for. */
export interface Newest<T> {
  items: T[];
  /** Whether the collection holds more than `newest` items. */
  hasMore: boolean;
  /** `reconnecting`: these are the last known items. */
  connection: Connection;
}

const VIDEO_ORDERS = ['newest', 'd7', 'd1', 'multiplier', 'unavailableSince'] as const;

/**
 * The newest videos first; or those with the most of a figure: the views of 7 days or of 1 day, the multiplier; or those
 * that vanished last.
 */
export type VideoOrder = (typeof VIDEO_ORDERS)[number];

const DEFAULT_NEWEST = 50;

/**
 * Watch a project's newest accounts by `dateAdded`: now and after each change. Throws a TrackingJobError
 * `invalid-input` for a wrong id or number. After a failure, passed to `onError`, it tries again by itself.
 */
export function watchAccounts(
  source: AccountSource,
  { newest = DEFAULT_NEWEST, ...scope }: ProjectScope & { newest?: number },
  onAccounts: (accounts: Newest<TrackedAccount>) => void,
  onError: OnError = logError,
): Unsubscribe {
  return watchNewest(source, accountsPath(scope), 'dateAdded', newest, readAccount, onAccounts, onError);
}

/**
 * Watch an account's newest videos by `publishedAt`; otherwise as `watchAccounts`. In another `order`, those come last
 * whose value is null, and those are missing that were not fetched since these values are written.
 */
export function watchVideos(
  source: AccountSource,
  { newest = DEFAULT_NEWEST, order = 'newest', ...scope }: AccountScope & { newest?: number; order?: VideoOrder },
  onVideos: (videos: Newest<TrackedVideo>) => void,
  onError: OnError = logError,
): Unsubscribe {
  checkChoice('order', order, VIDEO_ORDERS);
  const path = `${accountPath(scope)}/videos`;
  return watchNewest(source, path, order === 'newest' ? 'publishedAt' : order, newest, readVideo, onVideos, onError);
}

/** Watch one account; null when there is no such account. Otherwise as `watchAccounts`. */
export function watchAccount(
  { firestore, auth }: AccountSource,
  scope: AccountScope,
  onAccount: (account: TrackedAccount | null) => void,
  onError: OnError = logError,
): Unsubscribe {
  return watchDocument(doc(firestore, accountPath(scope)), readAccount, onAccount, onError, auth);
}

function watchNewest<T>(
  { firestore, auth }: AccountSource,
  path: string,
  field: string,
  newest: number,
  read: (snapshot: DocumentSnapshot) => T,
  onNewest: (items: Newest<T>) => void,
  onError: OnError,
): Unsubscribe {
  checkNewest(newest);
  const oneMore: Query = query(collection(firestore, path), orderBy(field, 'desc'), limit(newest + 1));
  return openRetryingListener<QuerySnapshot>(
    (next, failed) => onSnapshot(oneMore, { includeMetadataChanges: true }, next, failed),
    ({ docs, metadata }) =>
      onNewest({
        items: docs.slice(0, newest).map(read),
        hasMore: docs.length > newest,
        connection: metadata.fromCache ? 'reconnecting' : 'live',
      }),
    onError,
    auth,
  );
}
