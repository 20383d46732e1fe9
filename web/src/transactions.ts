import { type Firestore, runTransaction, type Transaction } from 'firebase/firestore';
import { isOffline, OfflineError, trackingJobError, UnavailableError } from './errors';

/** Without a network each attempt fails at once, and the pauses between these take some 4 s. */
const MAX_ATTEMPTS = 4;
/** How long further attempts are begun, where a network swallows each: Firestore then gives one 15 s. */
const PATIENCE_MS = 10_000;

/**
 * A write that is over when the promise settles. Offline, `addDoc` and `updateDoc` wait in a queue and go out later,
 * after the user has tried again; a transaction goes to the server or fails.
 *
 * `change` runs again after a lost reply: from the second attempt on, it may find its own work done.
 */
export async function transact(
  firestore: Firestore,
  change: (transaction: Transaction, attempt: number) => Promise<void>,
): Promise<void> {
  if (isOffline()) {
    throw new OfflineError();
  }
  const giveUpAt = Date.now() + PATIENCE_MS;
  let attempt = 0;
  try {
    await runTransaction(
      firestore,
      async (transaction) => {
        attempt += 1;
        if (attempt > 1 && Date.now() > giveUpAt) {
          throw new UnavailableError();
        }
        await change(transaction, attempt);
      },
      { maxAttempts: MAX_ATTEMPTS },
    );
  } catch (thrown) {
    throw trackingJobError(thrown);
  }
}
