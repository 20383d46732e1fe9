import {
  collection,
  type Firestore,
  getDocsFromServer,
  limit,
  orderBy,
  query,
  Timestamp,
  where,
} from 'firebase/firestore';
import { hasCode } from './errors';
import { FINISHED } from './job';
import { COLLECTION } from './jobDocuments';
import { transact } from './transactions';
import { withTimeout } from './withTimeout';

/** Jobs per batch. The rules check each job, and one call may take at most 15 s. */
const BATCH = 100;

/**
 * Delete an organisation's jobs that ended before a moment, and return their number. A job without `completedAt`, which
 * an older page may have cancelled, is left to the functions' daily cleanup.
 */
export async function deleteFinishedJobs(firestore: Firestore, orgId: string, before: Date): Promise<number> {
  const finished = query(
    collection(firestore, COLLECTION),
    where('orgId', '==', orgId),
    where('status', 'in', FINISHED),
    where('completedAt', '<', Timestamp.fromDate(before)),
    orderBy('completedAt'),
    limit(BATCH),
  );
  let deleted = 0;
  let refusals = 0;
  for (;;) {
    const { docs } = await withTimeout(getDocsFromServer(finished));
    try {
      await transact(firestore, async (transaction) => {
        for (const { ref } of docs) {
          transaction.delete(ref);
        }
      });
      deleted += docs.length;
      refusals = 0;
    } catch (error) {
      // The rules refuse the whole batch if one of its jobs was retried or deleted meanwhile. Read again, once.
      refusals += 1;
      if (refusals > 1 || !hasCode(error, 'not-allowed')) {
        throw error;
      }
      continue;
    }
    if (docs.length < BATCH) {
      return deleted;
    }
  }
}
