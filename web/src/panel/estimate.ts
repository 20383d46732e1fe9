import type { Platform, TrackingJob } from '../job';

/** Fewer completed jobs than this say nothing about the next one. */
const MIN_SAMPLES = 3;
/** Older jobs ran under other conditions. */
const MAX_SAMPLES = 20;

/** When each running job is expected to end: `runKey` -> milliseconds since the epoch, by the jobs' clock. */
export type ExpectedEnds = ReadonlyMap<string, number>;

export function runKey({ id, attempt }: TrackingJob): string {
  return `${id}@${attempt}`;
}

/**
 * Expect a running job to take as long as the median of its platform's newest completed jobs. A later snapshot may
 * bring an expected end nearer, but never moves it away: a remaining time does not grow before the reader's eyes.
 */
export function learnEnds(before: ExpectedEnds, jobs: readonly TrackingJob[]): ExpectedEnds {
  const running = jobs.filter((job) => job.status === 'processing');
  const medians = new Map<Platform, number | null>();
  const ends = new Map<string, number>();
  for (const job of running) {
    const { platform, startedAt } = job;
    if (!medians.has(platform)) {
      medians.set(platform, medianMs(jobs, platform));
    }
    const median = medians.get(platform) ?? null;
    const expected = median !== null && startedAt ? startedAt.getTime() + median : Infinity;
    const end = Math.min(before.get(runKey(job)) ?? Infinity, expected);
    if (Number.isFinite(end)) {
      ends.set(runKey(job), end);
    }
  }
  return ends;
}

function medianMs(jobs: readonly TrackingJob[], platform: Platform): number | null {
  const durations = jobs
    .filter((job) => job.status === 'completed' && job.platform === platform)
    .sort((a, b) => (b.completedAt?.getTime() ?? 0) - (a.completedAt?.getTime() ?? 0))
    .flatMap(({ startedAt, completedAt }) =>
      startedAt && completedAt ? [completedAt.getTime() - startedAt.getTime()] : [],
    )
    .slice(0, MAX_SAMPLES)
    .sort((a, b) => a - b);
  return durations.length < MIN_SAMPLES ? null : (durations[Math.floor(durations.length / 2)] ?? null);
}
