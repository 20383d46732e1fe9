import type { Auth } from 'firebase/auth';
import { type DocumentReference, type DocumentSnapshot, onSnapshot, snapshotEqual } from 'firebase/firestore';
import { type TrackingJobError, trackingJobError } from './errors';
import { type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';

/**
 * Watch one document: `onValue` gets it now and after each change, as the server or the last connection knows it. Null
 * only when the server says that it does not exist. `read` may throw; `onError` gets the error.
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

  // With metadata changes: otherwise nothing would follow once the server says that a document does not exist.
  return openRetryingListener(
    (next, failed) => onSnapshot(ref, { includeMetadataChanges: true }, next, failed),
    receive,
    fail,
    auth,
  );
}
