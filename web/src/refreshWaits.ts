/**
 * Waits of refreshes: a budget of the day is spent, so they go on at midnight UTC. `contracts/refreshWaits.json`
 * describes the two documents; a test compares this module with it.
 */

import { type DocumentData, doc, Timestamp } from 'firebase/firestore';
import type { AccountSource } from './accountPaths';
import { checkId } from './inputChecks';
import { PLATFORMS, type Platform } from './job';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { watchDocument } from './watchDocument';

export interface RefreshWait {
  /** May be past: then nothing waits. */
  until: Date;
  /** Whether what members ask for by `refreshNow` waits, too. If not, a part of the budget is left for it. */
  all: boolean;
}

export interface RefreshWaits {
  /** The platforms whose budget is spent, for all organisations. */
  platforms: readonly (RefreshWait & { platform: Platform })[];
  /** The wait of the organisation at all platforms, if its own budget is spent. */
  organization: RefreshWait | null;
}

export const WAITS_DOCUMENT = 'trackingStatus/refreshes';

/**
 * Watch which refreshes of an organisation wait, and until when: now and after each change. For its members. After a
 * failure, passed to `onError`, it tries again by itself. Throws a TrackingJobError `invalid-input` for a wrong id.
 */
export function watchRefreshWaits(
  { firestore, auth }: AccountSource,
  orgId: string,
  onWaits: (waits: RefreshWaits) => void,
  onError: OnError = logError,
): Unsubscribe {
  checkId('orgId', orgId);
  const known: Partial<RefreshWaits> = {};

  function watch<K extends keyof RefreshWaits>(path: string, key: K, read: (data?: DocumentData) => RefreshWaits[K]) {
    return watchDocument(
      doc(firestore, path),
      (found) => read(found.data()),
      (value) => {
        known[key] = value ?? read();
        const { platforms, organization } = known;
        if (platforms && organization !== undefined) {
          onWaits({ platforms, organization });
        }
      },
      onError,
      auth,
    );
  }

  const stops = [
    watch(WAITS_DOCUMENT, 'platforms', readPlatformWaits),
    watch(`organizations/${orgId}/${WAITS_DOCUMENT}`, 'organization', readWait),
  ];
  return () => {
    for (const stop of stops) {
      stop();
    }
  };
}

/** Read the platforms' document. A field that cannot be read says nothing. */
export function readPlatformWaits(data: DocumentData = {}): RefreshWaits['platforms'] {
  return PLATFORMS.flatMap((platform) => {
    const wait = readWait(data[platform]);
    return wait ? [{ platform, ...wait }] : [];
  });
}

/** Read one wait; null if there is none. What is odd waits as little as it can. */
export function readWait(data?: DocumentData | null): RefreshWait | null {
  const { until, all } = data ?? {};
  return until instanceof Timestamp ? { until: until.toDate(), all: all === true } : null;
}
