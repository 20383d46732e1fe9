/**
 * Pauses of platforms: until one ends, none of the platform's jobs starts. `contracts/pauses.json` describes their
 * document, which every signed-in user may read; a test compares this module with it.
 */

import type { Auth } from 'firebase/auth';
import { type DocumentData, doc, type Firestore, Timestamp } from 'firebase/firestore';
import { PLATFORMS, type Platform } from './job';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { watchDocument } from './watchDocument';

export const PAUSE_REASONS = ['RateLimitedError', 'QuotaExceededError', 'CredentialsError', 'operator'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

export interface PlatformPause {
  platform: Platform;
  /** May be past: then the platform is not paused. */
  until: Date;
  /** Null for a reason of a newer version. */
  reason: PauseReason | null;
}

export const PAUSES_DOCUMENT = 'trackingStatus/platforms';

/** Watch the pauses: now and after each change. After a failure, passed to `onError`, it tries again by itself. */
export function watchPauses(
  { firestore, auth }: { firestore: Firestore; auth: Auth | undefined },
  onPauses: (pauses: readonly PlatformPause[]) => void,
  onError: OnError = logError,
): Unsubscribe {
  const ref = doc(firestore, PAUSES_DOCUMENT);
  return watchDocument(
    ref,
    (found) => readPauses(found.data()),
    (pauses) => onPauses(pauses ?? []),
    onError,
    auth,
  );
}

/** Read the document. A field that cannot be read says nothing. */
export function readPauses(data: DocumentData = {}): PlatformPause[] {
  return PLATFORMS.flatMap((platform) => {
    const { until, reason } = data[platform] ?? {};
    if (!(until instanceof Timestamp)) {
      return [];
    }
    return [{ platform, until: until.toDate(), reason: PAUSE_REASONS.find((known) => known === reason) ?? null }];
  });
}
