import type { TrackingJob } from '../job';
import type { Connection } from '../service';

/**
 * Estimate of how far the page's clock is ahead of the clock that writes the jobs' times. A live update is at most
 * moments old, so the smallest `now - updatedAt` seen is the skew. A change from the future, which any snapshot may
 * hold, shows that the page's clock is behind.
 */
export interface ClockSkew {
  /** `updatedAt` of the newest change, milliseconds since the epoch; null while the next snapshot may be old. */
  newest: number | null;
  /** The smallest age of a live update on arrival, milliseconds; negative when the page's clock is behind. */
  leastAgeMs: number;
}

export const NO_SKEW: ClockSkew = { newest: null, leastAgeMs: Infinity };

/** Learn from a snapshot. `receivedAt` is the page's time, milliseconds since the epoch. */
export function learnSkew(
  skew: ClockSkew,
  jobs: readonly TrackingJob[],
  connection: Connection,
  receivedAt: number,
): ClockSkew {
  if (connection !== 'live') {
    return { ...skew, newest: null };
  }
  const newest = Math.max(skew.newest ?? -Infinity, ...jobs.map((job) => job.updatedAt?.getTime() ?? -Infinity));
  const hasArrived = (skew.newest !== null && newest > skew.newest) || newest > receivedAt;
  return { newest, leastAgeMs: hasArrived ? Math.min(skew.leastAgeMs, receivedAt - newest) : skew.leastAgeMs };
}

/** The skew in milliseconds: 0 until it is known, negative when the page's clock is behind. */
export function skewMs({ leastAgeMs }: ClockSkew): number {
  return Number.isFinite(leastAgeMs) ? leastAgeMs : 0;
}
