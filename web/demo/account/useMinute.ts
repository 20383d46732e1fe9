import { useEffect, useState } from 'react';

const MINUTE_MS = 60_000;
const LOOK_MS = 1_000;

/** The beginning of the present minute. Renders again only when it is over. */
export function useMinute(): Date {
  const [minute, setMinute] = useState(present);
  useEffect(() => {
    const timer = setInterval(() => setMinute(present), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return new Date(minute);
}

function present(): number {
  return Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
}
