import type { Auth } from 'firebase/auth';
import type { SnapshotMetadata } from 'firebase/firestore';
import { NotAllowedError, NotSignedInError, type TrackingJobError, trackingJobError } from './errors';

export type Unsubscribe = () => void;

/** Opens a Firestore listener. A failed one is dead, and was released by Firestore. */
export type Open<S> = (onSnapshot: (snapshot: S) => void, onFailure: (thrown: unknown) => void) => Unsubscribe;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Who was refused is refused again, until a role changes. Somebody else's sign-in is not waited for, but heard of. */
const PAUSE_AFTER_REFUSAL_MS = 30_000;

/**
 * A listener that comes back: Firestore reconnects by itself after a lost network, but gives a listener up when it is
 * refused, or when the server could not serve it. Each kind of failure is told once until the server answers again,
 * or somebody else signs in.
 */
export function openRetryingListener<S extends { metadata: SnapshotMetadata }>(
  open: Open<S>,
  onSnapshot: (snapshot: S) => void,
  onError: (error: TrackingJobError) => void,
  auth?: Auth,
): Unsubscribe {
  let close: Unsubscribe = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let told = '';

  function receive(snapshot: S): void {
    if (!snapshot.metadata.fromCache) {
      failures = 0;
      told = '';
    }
    onSnapshot(snapshot);
  }

  function fail(thrown: unknown): void {
    const error = trackingJobError(thrown);
    timer = setTimeout(start, pauseMs(error, failures));
    failures += 1;
    if (error.code !== told) {
      told = error.code;
      onError(error);
    }
  }

  function start(): void {
    timer = undefined;
    close = open(receive, fail);
  }

  /** What is open Firestore opens again for the new user by itself. */
  function signIn(user: unknown): void {
    if (user !== null && timer !== undefined) {
      clearTimeout(timer);
      failures = 0;
      told = '';
      start();
    }
  }

  start();
  // Not for each token: Firestore has one renewed that the server did not take, and this would never come to rest.
  const stopHearing = auth?.onAuthStateChanged(signIn);
  return () => {
    stopHearing?.();
    clearTimeout(timer);
    close();
  };
}

export function isRefusal(error: TrackingJobError): boolean {
  return error instanceof NotAllowedError || error instanceof NotSignedInError;
}

function pauseMs(error: TrackingJobError, failures: number): number {
  const first = isRefusal(error) ? PAUSE_AFTER_REFUSAL_MS : FIRST_PAUSE_MS;
  return Math.min(first * 2 ** failures, LONGEST_PAUSE_MS);
}
