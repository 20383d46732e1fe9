import { type Firestore, runTransaction, type Transaction } from 'firebase/firestore';
import { isOffline, NotAllowedError, OfflineError, UnavailableError } from './errors';
import { withTimeout } from './withTimeout';

/** Without a network each attempt fails at once, and the pauses between these take some 4 s. */
const MAX_ATTEMPTS = 4;

/**
 * A write that does not wait for a network. `addDoc` and `updateDoc` wait in a queue while offline, and go out after
 * the user has tried again.
 *
 * When this rejects nothing more is sent. That nothing was written is sure only when `change` or the rules refused: a
 * commit that Firestore was given before may have arrived with its reply lost, or may arrive still.
 *
 * `change` is run again when a commit failed or its reply was lost: it must know its own work when it finds it.
 */
export async function transact(
  firestore: Firestore,
  change: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  if (isOffline()) {
    throw new OfflineError();
  }
  try {
    await run(firestore, change);
  } catch (error) {
    if (!(error instanceof NotAllowedError)) {
      throw error;
    }
    // The rules judge a write by what is stored by then: one that lost a race is refused. Look again, once.
    await run(firestore, change);
  }
}

async function run(firestore: Firestore, change: (transaction: Transaction) => Promise<void>): Promise<void> {
  let isOver = false;
  const running = runTransaction(
    firestore,
    async (transaction) => {
      await change(transaction);
      // Given up meanwhile, which Firestore cannot be told: thrown here, it commits nothing and does not try again.
      if (isOver) {
        throw new UnavailableError();
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
