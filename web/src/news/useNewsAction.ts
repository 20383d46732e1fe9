import { useEffect, useRef, useState } from 'react';
import { type TrackingJobError, trackingJobError } from '../errors';

export interface NewsAction {
  isBusy: boolean;
  error: TrackingJobError | null;
  /** Resolves to whether the action succeeded; to false while another one runs. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
  forget: () => void;
}

/** Run one action at a time, and keep its error until the next one. */
export function useNewsAction(): NewsAction {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<TrackingJobError | null>(null);
  const runs = useRef(false); // two clicks may come before the next render

  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (runs.current) {
      return false;
    }
    runs.current = true;
    setIsBusy(true);
    setError(null);
    try {
      await act();
      return true;
    } catch (thrown) {
      setError(trackingJobError(thrown));
      return false;
    } finally {
      runs.current = false;
      setIsBusy(false);
    }
  }

  return { isBusy, error, run, forget: () => setError(null) };
}

/** Return a function that tells whether the component is still mounted. */
export function useIsMounted(): () => boolean {
  const isMounted = useRef(false);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  return () => isMounted.current;
}
