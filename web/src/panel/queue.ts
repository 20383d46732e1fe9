import { PLATFORM_LABELS, type Platform, type TrackingJob } from '../job';
import { usePanelTools } from './panelContext';

/**
 * Count the earlier jobs of each waiting job: those of its project that wait for the same platform and were created
 * before it. `rows` are in the order of `compareRows`. Jobs on hold neither start nor keep others from it.
 */
export function earlierJobs(rows: readonly TrackingJob[]): ReadonlyMap<string, number> {
  const earlier = new Map<string, number>();
  const counts = new Map<Platform, number>();
  for (const { id, status, platform, createdAt, messageCode } of rows) {
    if (status === 'pending' && createdAt && messageCode !== 'onHold') {
      const count = counts.get(platform) ?? 0;
      earlier.set(id, count);
      counts.set(platform, count + 1);
    }
  }
  return earlier;
}

interface Place {
  /** For the row. */
  word: string;
  /** For the details. */
  sentence: string;
}

/**
 * Return the place of a waiting job behind its project's earlier ones; null for the first, and while the list may be
 * out of date. It is no place among all jobs: the page cannot see other projects, and organisations take turns.
 */
export function usePlace({ id, platform }: TrackingJob): Place | null {
  const { words, clock, earlier, isCut } = usePanelTools();
  const count = clock.stoppedAt === null ? earlier.get(id) : undefined;
  if (!count) {
    return null;
  }
  const shown = `${words.number(count)}${isCut ? '+' : ''}`;
  return {
    word: words.labels.earlier(shown, count),
    sentence: words.labels.earlierOn(shown, count, PLATFORM_LABELS[platform]),
  };
}
