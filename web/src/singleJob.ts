import type { Auth } from 'firebase/auth';
import { type DocumentReference, type DocumentSnapshot, onSnapshot, snapshotEqual } from 'firebase/firestore';
import { type TrackingJobError, trackingJobError } from './errors';
import type { TrackingJob } from './job';
import { findJob } from './jobDocuments';
import { openRetryingListener, type Unsubscribe } from './retryingListener';
import type { OnError } from './sharedJobListener';

/** One job, as the server or the last connection knows it. Null only when the server says that there is none. */
export function watchSingleJob(
  ref: DocumentReference,
  onJob: (job: TrackingJob | null) => void,
  onError: OnError,
  auth?: Auth,
): Unsubscribe {
  let last: DocumentSnapshot | null = null;

  function tell(snapshot: DocumentSnapshot): void {
    const isUnknown = !snapshot.exists() && snapshot.metadata.fromCache; // there is no connection
    const isToldAlready = last !== null && snapshotEqual(snapshot, last); // the metadata alone changed
    if (isUnknown || isToldAlready) {
      return;
    }
    last = snapshot;
    let job: TrackingJob | null;
    try {
      job = findJob(snapshot);
    } catch (thrown) {
      onError(trackingJobError(thrown));
      return;
    }
    onJob(job);
  }

  function fail(error: TrackingJobError): void {
    last = null; // after an error, even the same job is news
    onError(error);
  }

  // With the metadata's changes: without them, "no connection" would not be followed by "really none".
  return openRetryingListener(
    (next, failed) => onSnapshot(ref, { includeMetadataChanges: true }, next, failed),
    tell,
    fail,
    auth,
  );
}
