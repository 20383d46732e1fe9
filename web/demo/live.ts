import {
  collection,
  doc,
  type Firestore,
  type FirestoreError,
  limit,
  onSnapshot,
  orderBy,
  type QueryDocumentSnapshot,
  query,
} from 'firebase/firestore';
import { useEffect, useState } from 'react';
import { readAccount, readVideo, type TrackedAccount, type Video } from './records';

export type Live<T> =
  | { status: 'loading' }
  | { status: 'failed'; sentence: string }
  /** `isStale`: the connection is gone, and these are the last that were known. */
  | { status: 'ready'; items: T[]; hasMore: boolean; isStale: boolean };

/** A project's tracked accounts, those added last first. */
export function useAccounts(firestore: Firestore, orgId: string, projectId: string, size: number) {
  return useNewest<TrackedAccount>(firestore, accountsPath(orgId, projectId), 'dateAdded', size, readAccount);
}

/** One tracked account; null while it is not known, and when there is none. No id asks for nothing. */
export function useAccount(firestore: Firestore, orgId: string, projectId: string, id: string | null) {
  const path = accountsPath(orgId, projectId);
  const [account, setAccount] = useState<TrackedAccount | null>(null);
  useEffect(() => {
    if (id === null || id.includes('/')) {
      return; // the id comes from the address, and a slash would lead elsewhere
    }
    const onFailure = () => setAccount(null); // the list of accounts says why
    return onSnapshot(
      doc(firestore, path, id),
      (snapshot) => setAccount(snapshot.exists() ? readAccount(snapshot) : null),
      onFailure,
    );
  }, [firestore, path, id]);
  return account?.id === id ? account : null;
}

/** An account's videos, the newest first. */
export function useVideos(firestore: Firestore, orgId: string, projectId: string, accountId: string, size: number) {
  const path = `${accountsPath(orgId, projectId)}/${accountId}/videos`;
  return useNewest<Video>(firestore, path, 'publishedAt', size, readVideo);
}

function accountsPath(orgId: string, projectId: string): string {
  return `organizations/${orgId}/projects/${projectId}/trackedAccounts`;
}

/** The `size` newest documents of a collection, live. What was shown stays until a larger `size` has come. */
function useNewest<T>(
  firestore: Firestore,
  path: string,
  newestBy: string,
  size: number,
  read: (snapshot: QueryDocumentSnapshot) => T,
): Live<T> {
  const [live, setLive] = useState<Live<T>>({ status: 'loading' });
  useEffect(() => {
    const oneMore = query(collection(firestore, path), orderBy(newestBy, 'desc'), limit(size + 1));
    return onSnapshot(
      oneMore,
      { includeMetadataChanges: true },
      ({ docs, metadata }) =>
        setLive({
          status: 'ready',
          items: docs.slice(0, size).map(read),
          hasMore: docs.length > size,
          isStale: metadata.fromCache,
        }),
      (error) => setLive({ status: 'failed', sentence: sentenceOf(error) }),
    );
  }, [firestore, path, newestBy, size, read]);
  return live;
}

function sentenceOf(error: FirestoreError): string {
  if (error.code === 'permission-denied') {
    return 'You are not allowed to see this project. Ask its owner for access.';
  }
  return 'This could not be loaded. Reload the page to try again.';
}
