import { type Firestore, runTransaction, type Transaction } from 'firebase/firestore';
import { isOffline, NotAllowedError, OfflineError } from './errors';
import { inTime } from './in-time';

/** Without a network each attempt fails at once, and the pauses between these take some 4 s. */
const MAX_ATTEMPTS = 4;

/**
 * A write that goes to the server or fails. `addDoc` and `updateDoc` wait in a queue while offline, and go out after
 * the user has tried again.
 *
 * From the second `attempt` on, `change` may find its own work done: the reply to an earlier one may have been lost.
 */
export async function transact(
  firestore: Firestore,
  change: (transaction: Transaction, attempt: number) => Promise<void>,
): Promise<void> {
  if (isOffline()) {
    throw new OfflineError();
  }
  let attempt = 0;
  const run = () =>
    inTime(
      runTransaction(
        firestore,
        async (transaction) => {
          attempt += 1;
          await change(transaction, attempt);
        },
        { maxAttempts: MAX_ATTEMPTS },
      ),
    );
  try {
    await run();
  } catch (error) {
    if (!(error instanceof NotAllowedError)) {
      throw error;
    }
    // The rules judge a write by what is stored by then: one that lost a race is refused. Look again, once.
    await run();
  }
}
