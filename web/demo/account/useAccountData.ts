/** Data of the account's page and the comparison: histories, videos, and the history of single videos. */

import { useCallback, useEffect, useMemo, useState } from 'react';
import type { TrackedVideo } from '../../src/account';
import type { TrackingJobError } from '../../src/errors';
import { trackingJobError } from '../../src/errors';
import type { HistoryPoint, VideoHistoryPoint } from '../../src/history';
import type { OnError, Unsubscribe } from '../../src/retryingListener';
import type { AccountSource, ProjectScope, VideoOrder } from '../../src/watchAccounts';
import type { AccountAccess } from './access';

export type Watched<T> =
  | { status: 'loading' }
  | { status: 'failed'; sentence: string }
  /** `isStale`: there is no connection, and this is the last known value. */
  | { status: 'ready'; value: T; isStale: boolean };

const LOADING = { status: 'loading' } as const;
/** The growth of a period is compared with that of the period before; some days more, since today may have no value. */
const PERIODS = 2;
const SPARE_DAYS = 8;
/** The figures show the growth of 30 days, also beside a chart of a week. */
const FEWEST_DAYS = 30 + SPARE_DAYS;
/** Each day of a video is kept for so long. */
export const VIDEO_DAYS = 90;

export interface History {
  /** The range that these points were asked for. They go back further. */
  days: number;
  points: HistoryPoint[];
}

/** Watch the histories of some accounts, over twice the time of a range. Pass the same `access` and `source` each time. */
export function useHistories(
  access: AccountAccess,
  source: AccountSource,
  { orgId, projectId }: ProjectScope,
  ids: readonly string[],
  days: number,
): ReadonlyMap<string, Watched<History>> {
  const watch = useCallback<Watch<History>>(
    (accountId, onValue, onError) =>
      access.watchHistory(
        source,
        { orgId, projectId, accountId, days: Math.max(PERIODS * days, FEWEST_DAYS) + SPARE_DAYS },
        ({ points, connection }) => onValue({ days, points }, connection === 'reconnecting'),
        onError,
      ),
    [access, source, orgId, projectId, days],
  );
  return useWatched(ids, watch, 'The history');
}

export interface Videos {
  items: TrackedVideo[];
  hasMore: boolean;
  order: VideoOrder;
}

/** Watch the first videos of some accounts in an order. */
export function useVideosOf(
  access: AccountAccess,
  source: AccountSource,
  { orgId, projectId }: ProjectScope,
  ids: readonly string[],
  order: VideoOrder,
  newest: number,
): ReadonlyMap<string, Watched<Videos>> {
  const watch = useCallback<Watch<Videos>>(
    (accountId, onValue, onError) =>
      access.watchVideos(
        source,
        { orgId, projectId, accountId, order, newest },
        ({ items, hasMore, connection }) => onValue({ items, hasMore, order }, connection === 'reconnecting'),
        onError,
      ),
    [access, source, orgId, projectId, order, newest],
  );
  return useWatched(ids, watch, 'The posts');
}

export type LoadVideoHistory = (videoId: string) => Promise<readonly VideoHistoryPoint[]>;

/**
 * Return a function that reads the history of a video. The documents hold all videos of an account, so the first call
 * reads those of all `videoIds`, and further calls need no read until the account is fetched again.
 */
export function useVideoHistory(
  access: AccountAccess,
  source: AccountSource,
  { orgId, projectId }: ProjectScope,
  accountId: string,
  videoIds: readonly string[],
  lastSyncedMs: number | undefined,
): LoadVideoHistory {
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read is old after the next fetch
  const known = useMemo(() => new Map<string, readonly VideoHistoryPoint[]>(), [accountId, lastSyncedMs]);
  const listed = JSON.stringify(videoIds);
  return useCallback(
    async (videoId) => {
      const before = known.get(videoId);
      if (before) {
        return before;
      }
      const wanted = [...new Set([videoId, ...(JSON.parse(listed) as string[])])];
      const scope = { orgId, projectId, accountId, videoIds: wanted, days: VIDEO_DAYS };
      for (const [id, points] of await access.getVideoHistory(source, scope)) {
        known.set(id, points);
      }
      return known.get(videoId) ?? [];
    },
    [access, source, orgId, projectId, accountId, listed, known],
  );
}

type Watch<T> = (id: string, onValue: (value: T, isStale: boolean) => void, onError: OnError) => Unsubscribe;

/**
 * Return the state of a watch for each id. After a change of ids or of the watch, the values of before stay until the
 * next ones come; each says what it was asked for.
 */
function useWatched<T>(ids: readonly string[], watch: Watch<T>, what: string): ReadonlyMap<string, Watched<T>> {
  const [states, setStates] = useState<ReadonlyMap<string, Watched<T>>>(new Map());
  const key = JSON.stringify(ids);
  useEffect(() => {
    const set = (id: string, state: Watched<T>) => setStates((before) => new Map(before).set(id, state));
    const stops = (JSON.parse(key) as string[]).map((id) => {
      const fail = (error: TrackingJobError) => set(id, { status: 'failed', sentence: sentenceOf(error, what) });
      try {
        return watch(id, (value, isStale) => set(id, { status: 'ready', value, isStale }), fail);
      } catch (thrown) {
        fail(trackingJobError(thrown)); // not a valid id: it comes from the page's address, which anybody may edit
        return () => {};
      }
    });
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [key, watch, what]);
  return useMemo(
    () => new Map((JSON.parse(key) as string[]).map((id) => [id, states.get(id) ?? LOADING])),
    [key, states],
  );
}

function sentenceOf(error: TrackingJobError, what: string): string {
  return `${what} could not be loaded. ${error.message}`;
}
