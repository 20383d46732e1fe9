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
import { NotAllowedError } from './errors';
import { FINISHED } from './job';
import { COLLECTION } from './jobDocuments';
import { transact } from './transactions';
import { withTimeout } from './withTimeout';

/** Jobs that are read and deleted at once: the rules are asked about each, and a call has 15 s. */
const BATCH = 100;

/**
 * Deletes an organisation's finished jobs that ended before a moment; how many. One without a `completedAt`, which an older
 * page may have cancelled, is left to the functions' daily cleanup.
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
      // One job that somebody retried or deleted meanwhile refuses the whole batch: read again, once.
      refusals += 1;
      if (refusals > 1 || !(error instanceof NotAllowedError)) {
        throw error;
      }
      continue;
    }
    if (docs.length < BATCH) {
      return deleted;
    }
  }
}
