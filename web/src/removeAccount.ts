import { doc, serverTimestamp } from 'firebase/firestore';
import { type AccountScope, type AccountSource, accountPath, removalPath } from './accountPaths';
import { TrackingJobError } from './errors';
import { checkSignedIn } from './signIn';
import { transact } from './transactions';

/**
 * Stop tracking an account. Its document is deleted at once; its videos and its history within two days. If it is
 * tracked again before that, they stay. Its jobs stay until they expire. A job that waits or runs tracks the account
 * again at its end, so cancel it first.
 *
 * Owners and admins may remove each account, and members those that they added: others are `not-allowed`. Rejects with
 * `account-not-found`.
 */
export async function removeAccount({ firestore, auth }: AccountSource, scope: AccountScope): Promise<void> {
  const ref = doc(firestore, accountPath(scope));
  const removal = doc(firestore, removalPath(scope));
  await checkSignedIn(auth);
  const uid = auth?.currentUser?.uid;
  let wasThere = false;
  await transact(firestore, async (transaction) => {
    if (!(await transaction.get(ref)).exists()) {
      if (wasThere) {
        return; // this call's write arrived and its reply was lost, or somebody else removed it
      }
      throw new TrackingJobError('account-not-found');
    }
    wasThere = true;
    transaction.delete(ref);
    transaction.set(removal, { removedAt: serverTimestamp(), ...(uid && { removedBy: uid }) });
  });
}
