import { collection, documentId, getDocsFromServer, query, where } from 'firebase/firestore';
import { type AccountScope, type AccountSource, accountPath } from './accountPaths';
import type { VideoHistoryPoint } from './history';
import { lastDays, readVideoHistory } from './historyDocuments';
import { checkHistoryDays } from './inputChecks';
import { checkSignedIn } from './signIn';
import { DEFAULT_DAYS } from './watchHistory';
import { withTimeout } from './withTimeout';

/**
 * Return the points of some of an account's videos: for each id a list with the last `days` UTC days, today included,
 * oldest first. Rejects with a TrackingJobError, `invalid-input` for a wrong id or number.
 *
 * It reads the history of all videos of the account: a document for each month and 500 videos, which has up to 550 kB.
 */
export async function getVideoHistory(
  { firestore, auth }: AccountSource,
  { videoIds, days = DEFAULT_DAYS, ...scope }: AccountScope & { videoIds: readonly string[]; days?: number },
): Promise<Map<string, VideoHistoryPoint[]>> {
  checkHistoryDays(days);
  const path = accountPath(scope);
  await checkSignedIn(auth);
  const wanted = lastDays(days);
  const firstMonth = wanted[0]?.slice(0, 7);
  const documents = query(collection(firestore, path, 'videoHistory'), where(documentId(), '>=', firstMonth));
  const { docs } = await withTimeout(getDocsFromServer(documents));
  return readVideoHistory(docs, videoIds, wanted);
}
