import type { Auth } from 'firebase/auth';
import type { SnapshotMetadata } from 'firebase/firestore';
import { hasCode, TrackingJobError, trackingJobError } from './errors';

export type Unsubscribe = () => void;
export type OnError = (error: TrackingJobError) => void;

/** Function that opens a Firestore listener. Firestore itself releases a listener that fails. */
export type Open<S> = (onSnapshot: (snapshot: S) => void, onFailure: (thrown: unknown) => void) => Unsubscribe;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Permission errors last until a role changes, so retry slowly; a new sign-in retries at once. */
const PAUSE_AFTER_REFUSAL_MS = 30_000;

/**
 * Open a listener and open it again after each failure. Firestore itself reconnects after a lost network, but ends a
 * listener that is refused or that the server cannot serve. `onError` gets no error twice in a row with the same code,
 * unless the server has answered or a user has signed in since. Returns the function that stops the listener.
 *
 * With `auth` the listener is open only while somebody is signed in. At a sign-out, or at the start when nobody is
 * signed in, `onError` gets `not-signed-in`; the next sign-in opens the listener.
 */
export function openRetryingListener<S extends { metadata: SnapshotMetadata }>(
  open: Open<S>,
  onSnapshot: (snapshot: S) => void,
  onError: OnError,
  auth?: Auth,
): Unsubscribe {
  let close: Unsubscribe | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let reportedCode = '';

  function receive(snapshot: S): void {
    if (!snapshot.metadata.fromCache) {
      failures = 0;
      reportedCode = '';
    }
    onSnapshot(snapshot);
  }

  function fail(thrown: unknown): void {
    const error = trackingJobError(thrown);
    timer = setTimeout(start, pauseMs(error, failures));
    failures += 1;
    report(error);
  }

  function report(error: TrackingJobError): void {
    if (error.code !== reportedCode) {
      reportedCode = error.code;
      onError(error);
    }
  }

  function start(): void {
    timer = undefined;
    close = open(receive, fail);
  }

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    close?.();
    close = undefined;
  }

  /** Start at once for a new user. Do nothing with an open listener: Firestore reopens it for the new user. */
  function userChanged(user: unknown): void {
    const isOpen = close !== undefined && timer === undefined;
    if (user === null) {
      stop(); // the rules would refuse it, as somebody who lacks a role
      report(new TrackingJobError('not-signed-in'));
    } else if (!isOpen) {
      clearTimeout(timer);
      failures = 0;
      reportedCode = '';
      start();
    }
  }

  if (!auth || auth.currentUser) {
    start();
  }
  // Not onIdTokenChanged: Firestore renews a token that the server refused, so each failure would cause another retry.
  const stopAuthListener = auth?.onAuthStateChanged(userChanged);
  return () => {
    stopAuthListener?.();
    stop();
  };
}

/** Log an error: the default for `onError`, so that no error is lost. */
export function logError(error: TrackingJobError): void {
  console.error(error.message, error);
}

export function isRefusal(error: TrackingJobError): boolean {
  return hasCode(error, 'not-allowed', 'not-signed-in');
}

function pauseMs(error: TrackingJobError, failures: number): number {
  const first = isRefusal(error) ? PAUSE_AFTER_REFUSAL_MS : FIRST_PAUSE_MS;
  return Math.min(first * 2 ** failures, LONGEST_PAUSE_MS);
}
