import type { Auth } from 'firebase/auth';
import {
  collection,
  type DocumentSnapshot,
  doc,
  type Firestore,
  limit,
  onSnapshot,
  orderBy,
  type Query,
  type QuerySnapshot,
  query,
} from 'firebase/firestore';
import type { TrackedAccount, TrackedVideo } from './account';
import { readAccount, readVideo } from './accountDocuments';
import { checkId, checkNewest } from './inputChecks';
import { logError, type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';
import type { Connection } from './sharedJobListener';
import { watchDocument } from './watchDocument';

/** The page's own Firebase. With `auth`, a listener that the rules refused is opened again when somebody signs in. */
export interface AccountSource {
  firestore: Firestore;
  auth?: Auth;
}

export interface ProjectScope {
  orgId: string;
  projectId: string;
}

export interface AccountScope extends ProjectScope {
  accountId: string;
}

/** The newest items of a collection. */
export interface Newest<T> {
  items: T[];
  /** Whether the collection holds more than `newest` items. */
  hasMore: boolean;
  /** `reconnecting`: these are the last known items. */
  connection: Connection;
}

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

/** Watch an account's newest videos by `publishedAt`; otherwise as `watchAccounts`. */
export function watchVideos(
  source: AccountSource,
  { newest = DEFAULT_NEWEST, ...scope }: AccountScope & { newest?: number },
  onVideos: (videos: Newest<TrackedVideo>) => void,
  onError: OnError = logError,
): Unsubscribe {
  const path = `${accountsPath(scope)}/${checkedId('accountId', scope.accountId)}/videos`;
  return watchNewest(source, path, 'publishedAt', newest, readVideo, onVideos, onError);
}

/** Watch one account; null when there is no such account. Otherwise as `watchAccounts`. */
export function watchAccount(
  { firestore, auth }: AccountSource,
  scope: AccountScope,
  onAccount: (account: TrackedAccount | null) => void,
  onError: OnError = logError,
): Unsubscribe {
  const ref = doc(firestore, accountsPath(scope), checkedId('accountId', scope.accountId));
  return watchDocument(ref, readAccount, onAccount, onError, auth);
}

function accountsPath({ orgId, projectId }: ProjectScope): string {
  return `organizations/${checkedId('orgId', orgId)}/projects/${checkedId('projectId', projectId)}/trackedAccounts`;
}

function checkedId(field: 'orgId' | 'projectId' | 'accountId', id: string): string {
  checkId(field, id);
  return id;
}

function watchNewest<T>(
  { firestore, auth }: AccountSource,
  path: string,
  newestBy: string,
  newest: number,
  read: (snapshot: DocumentSnapshot) => T,
  onNewest: (items: Newest<T>) => void,
  onError: OnError,
): Unsubscribe {
  checkNewest(newest);
  const oneMore: Query = query(collection(firestore, path), orderBy(newestBy, 'desc'), limit(newest + 1));
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
