import { useEffect, useState } from 'react';

export const STEP_MS = 15_000;

/** The page's time, updated four times a minute: enough for times of day. */
export function useQuarterMinute(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), STEP_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
