import { useEffect, useState } from 'react';
import { hasCode, type TrackingJobError, trackingJobError } from '../errors';
import type { OnError, Unsubscribe } from '../retryingListener';

export type Watch<T> = (onValue: (value: T) => void, onError: OnError) => Unsubscribe;

export interface Watched<T> {
  /**
   * The last value; undefined before the first. It stays when another watch begins, and while there is no connection. It
   * goes when somebody else has signed in, who may not see it.
   */
  value: T | undefined;
  /** Whether the value is of the present watch. */
  isCurrent: boolean;
  /** The failure of the listener, until its next value. */
  error: TrackingJobError | null;
  /** Open the listener again now. It does so by itself, too, after a while. */
  tryAgain: () => void;
}

interface State<T> {
  watch: Watch<T> | null;
  value: T | undefined;
  error: TrackingJobError | null;
}

/** Watch something while mounted. A new `watch` begins anew, null watches nothing. Give other things another key. */
export function useWatched<T>(watch: Watch<T> | null): Watched<T> {
  const [state, setState] = useState<State<T>>({ watch: null, value: undefined, error: null });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies(attempt): a new number asks for a new listener
  useEffect(() => {
    if (watch === null) {
      return;
    }
    let isOver = false;
    let unsubscribe: Unsubscribe | undefined;
    const fail = (error: TrackingJobError) => {
      if (!isOver) {
        const isRefused = hasCode(error, 'not-signed-in', 'not-allowed');
        setState((last) => ({ ...last, value: isRefused ? undefined : last.value, error }));
      }
    };
    try {
      unsubscribe = watch((value) => {
        if (!isOver) {
          setState({ watch, value, error: null });
        }
      }, fail);
    } catch (thrown) {
      fail(trackingJobError(thrown)); // at once, as for an empty id
    }
    return () => {
      isOver = true;
      unsubscribe?.();
    };
  }, [watch, attempt]);
  return {
    value: state.value,
    isCurrent: state.watch === watch && state.value !== undefined,
    error: state.error,
    tryAgain: () => {
      setState((last) => ({ ...last, error: null }));
      setAttempt((last) => last + 1);
    },
  };
}
