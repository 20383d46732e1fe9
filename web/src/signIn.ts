import type { Auth, User } from 'firebase/auth';
import { TrackingJobError } from './errors';
import { withTimeout } from './withTimeout';

/** Reject with `not-signed-in` when nobody is. The database would refuse as if the user lacked a role. */
export async function checkSignedIn(auth: Auth | undefined): Promise<void> {
  if (auth) {
    await withTimeout(auth.authStateReady());
    if (auth.currentUser === null) {
      throw new TrackingJobError('not-signed-in');
    }
  }
}

/** Return the signed-in user. Rejects with `not-signed-in`, and with `not-set-up` without `auth`. */
export async function signedInUser(auth: Auth | undefined): Promise<User> {
  await checkSignedIn(auth);
  if (!auth?.currentUser) {
    throw new TrackingJobError('not-set-up');
  }
  return auth.currentUser;
}
