import type { Auth } from 'firebase/auth';
import { type DocumentReference, type DocumentSnapshot, onSnapshot, snapshotEqual } from 'firebase/firestore';
import { type TrackingJobError, trackingJobError } from './errors';
import { type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';

/**
 * Watch one document: `onValue` gets it now and after each change. Without a connection it gets the last known value.
 * It gets null only when the server says that the document does not exist. `read` may throw; `onError` gets the error.
 */
export function watchDocument<T>(
  ref: DocumentReference,
  read: (snapshot: DocumentSnapshot) => T,
  onValue: (value: T | null) => void,
  onError: OnError,
  auth?: Auth,
): Unsubscribe {
  let last: DocumentSnapshot | null = null;

  function receive(snapshot: DocumentSnapshot): void {
    const isUnknown = !snapshot.exists() && snapshot.metadata.fromCache; // there is no connection
    const isOnlyMetadata = last !== null && snapshotEqual(snapshot, last);
    if (isUnknown || isOnlyMetadata) {
      return;
    }
    last = snapshot;
    let value: T | null;
    try {
      value = snapshot.exists() ? read(snapshot) : null;
    } catch (thrown) {
      onError(trackingJobError(thrown));
      return;
    }
    onValue(value);
  }

  function fail(error: TrackingJobError): void {
    last = null; // after an error, report even an unchanged document
    onError(error);
  }

  // Ask for metadata changes. Otherwise the server's answer that a document does not exist would raise no event.
  return openRetryingListener(
    (next, failed) => onSnapshot(ref, { includeMetadataChanges: true }, next, failed),
    receive,
    fail,
    auth,
  );
}
