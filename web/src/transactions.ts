import { type Firestore, runTransaction, type Transaction } from 'firebase/firestore';
import { hasCode, isOffline, TrackingJobError } from './errors';
import { withTimeout } from './withTimeout';

/** Without a network each attempt fails at once; the pauses between four attempts take about 4 s. */
const MAX_ATTEMPTS = 4;

/**
 * Run a write that fails at once without a network. `addDoc` and `updateDoc` would wait in a queue while offline, and
 * go out after the user has tried again.
 *
 * After a rejection nothing more is sent. When `change` or the rules refused, nothing was written. After any other
 * rejection an earlier commit may have arrived although its reply was lost, or may still arrive.
 *
 * `change` runs again when a commit failed or its reply was lost, so it must recognise its own earlier write.
 */
export async function transact(
  firestore: Firestore,
  change: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  checkOnline();
  try {
    await run(firestore, change);
  } catch (error) {
    if (!hasCode(error, 'not-allowed')) {
      throw error;
    }
    // The rules check a write against the document as it is now, so a write that lost a race is refused. Try once more.
    await run(firestore, change);
  }
}

/** Throw `offline` when the browser says so. Firestore itself would first wait for a connection. */
export function checkOnline(): void {
  if (isOffline()) {
    throw new TrackingJobError('offline');
  }
}

async function run(firestore: Firestore, change: (transaction: Transaction) => Promise<void>): Promise<void> {
  let isOver = false;
  const running = runTransaction(
    firestore,
    async (transaction) => {
      await change(transaction);
      // The deadline has passed. Nothing can cancel a transaction, but an error here stops its commit and its retries.
      if (isOver) {
        throw new TrackingJobError('unavailable');
      }
    },
    { maxAttempts: MAX_ATTEMPTS },
  );
  try {
    await withTimeout(running);
  } finally {
    isOver = true;
  }
}
