import {
  collection,
  type DocumentSnapshot,
  limit,
  onSnapshot,
  type Query,
  type QueryConstraint,
  type QuerySnapshot,
  query,
} from 'firebase/firestore';
import type { AccountSource } from './accountPaths';
import { type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';
import type { Connection } from './sharedJobListener';

/** The first items of a collection, which are the newest ones unless another order was asked for. */
export interface Newest<T> {
  items: T[];
  /** Whether the collection holds more than `newest` items. */
  hasMore: boolean;
  /** `reconnecting`: these are the last known items. */
  connection: Connection;
}

/**
 * Watch the first `newest` documents of a collection, in the order that `wanted` has: now and after each change. After
 * a failure, passed to `onError`, it tries again by itself.
 */
export function watchNewest<T>(
  { firestore, auth }: AccountSource,
  path: string,
  wanted: readonly QueryConstraint[],
  newest: number,
  read: (snapshot: DocumentSnapshot) => T,
  onNewest: (items: Newest<T>) => void,
  onError: OnError,
): Unsubscribe {
  const oneMore: Query = query(collection(firestore, path), ...wanted, limit(newest + 1));
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
