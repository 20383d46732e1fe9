import type { TrackingJob } from '../job';
import type { Connection } from '../service';

/**
 * How far the page's clock is ahead of the one that writes the jobs' times. Nobody tells; but a change that arrives
 * was made a moment ago, and whatever its `updatedAt` is older than a moment, the clock is ahead.
 */
export interface Clock {
  /** When the newest change was made, milliseconds since the epoch; null while what arrives may be old. */
  newest: number | null;
  /** The least age that a change had when it arrived. */
  leastAgeMs: number;
}

export const NEW_CLOCK: Clock = { newest: null, leastAgeMs: Infinity };

/** `receivedAt`: by the page's clock, milliseconds since the epoch. */
export function clockAfter(
  clock: Clock,
  jobs: readonly TrackingJob[],
  connection: Connection,
  receivedAt: number,
): Clock {
  if (connection !== 'live') {
    return { ...clock, newest: null };
  }
  const newest = Math.max(clock.newest ?? -Infinity, ...jobs.map((job) => job.updatedAt?.getTime() ?? -Infinity));
  const hasArrived = clock.newest !== null && newest > clock.newest;
  return { newest, leastAgeMs: hasArrived ? Math.min(clock.leastAgeMs, receivedAt - newest) : clock.leastAgeMs };
}

/** 0 until it is known, and never less: no time that is shown grows by it. */
export function aheadMs({ leastAgeMs }: Clock): number {
  return Number.isFinite(leastAgeMs) ? Math.max(0, leastAgeMs) : 0;
}
