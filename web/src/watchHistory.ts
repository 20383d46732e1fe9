import { collection, documentId, onSnapshot, type Query, type QuerySnapshot, query, where } from 'firebase/firestore';
import { type AccountScope, type AccountSource, accountPath } from './accountPaths';
import type { HistoryPoint } from './history';
import { lastDays, msUntilTomorrow, readHistory } from './historyDocuments';
import { checkHistoryDays } from './inputChecks';
import { logError, type OnError, openRetryingListener, type Unsubscribe } from './retryingListener';
import type { Connection } from './sharedJobListener';

export interface AccountHistory {
  /** A point for each of the last `days` UTC days, today included, oldest first. */
  points: HistoryPoint[];
  /** `reconnecting`: these are the last known points. */
  connection: Connection;
}

export const DEFAULT_DAYS = 30;
/** Longer than this, a time may reach months whose days are in a document of weeks. */
const ALWAYS_DAYS = 365;

/**
 * Watch an account's history: now, after each change, and after midnight UTC. Throws a TrackingJobError `invalid-input`
 * for a wrong id or number. After a failure, passed to `onError`, it tries again by itself.
 *
 * It reads one document for each month that has points, and one for each change. Of days that are older than 13 months,
 * one a week has a point.
 */
export function watchHistory(
  { firestore, auth }: AccountSource,
  { days = DEFAULT_DAYS, ...scope }: AccountScope & { days?: number },
  onHistory: (history: AccountHistory) => void,
  onError: OnError = logError,
): Unsubscribe {
  checkHistoryDays(days);
  // Without an end, so that next month's document comes by itself.
  const documents: Query = query(
    collection(firestore, accountPath(scope), 'accountHistory'),
    where(documentId(), '>=', firstDocument(days)),
  );
  let tomorrow: ReturnType<typeof setTimeout> | undefined;

  function show(snapshot: QuerySnapshot): void {
    clearTimeout(tomorrow);
    tomorrow = setTimeout(() => show(snapshot), msUntilTomorrow());
    onHistory({
      points: readHistory(snapshot.docs, lastDays(days)),
      connection: snapshot.metadata.fromCache ? 'reconnecting' : 'live',
    });
  }

  const stop = openRetryingListener<QuerySnapshot>(
    (next, failed) => onSnapshot(documents, { includeMetadataChanges: true }, next, failed),
    show,
    (error) => {
      clearTimeout(tomorrow); // the user may no longer read what came before the failure
      onError(error);
    },
    auth,
  );
  return () => {
    clearTimeout(tomorrow);
    stop();
  };
}

/**
 * Return the name of the first document that may have points of these days. `2026`, with weeks, sorts before `2026-01`.
 * A week that two years share is in a document of either, so a long time begins a week earlier.
 */
function firstDocument(days: number): string {
  const isLong = days > ALWAYS_DAYS;
  const [first = ''] = lastDays(isLong ? days + 7 : days);
  return isLong ? first.slice(0, 4) : first.slice(0, 7);
}
