import { type DocumentData, doc, serverTimestamp, Timestamp } from 'firebase/firestore';
import { CADENCES, type Cadence, type TrackedAccount } from './account';
import { readAccount } from './accountDocuments';
import { type AccountScope, type AccountSource, accountPath } from './accountPaths';
import { hasCode, TrackingJobError, tooEarly } from './errors';
import { checkChoice } from './inputChecks';
import { checkSignedIn } from './signIn';
import { transact } from './transactions';

const HOUR_MS = 60 * 60 * 1000;
/** The longest time between two refreshes of each cadence. */
const LONGEST_MS: Readonly<Record<Exclude<Cadence, 'off'>, number>> = {
  '6h': 6 * HOUR_MS,
  daily: 24 * HOUR_MS,
  weekly: 168 * HOUR_MS,
  auto: 168 * HOUR_MS,
};
/** The rules demand an hour at least. The other hour is for a page whose clock is slow. */
const FIRST_AFTER_MS = 2 * HOUR_MS;

/**
 * Choose how often an account is refreshed. Where the next refresh is missing or too far ahead for this cadence, it
 * comes in two hours. Rejects with `account-not-found`, and with `invalid-input` for an unknown `mode`.
 */
export async function setRefresh(source: AccountSource, scope: AccountScope, mode: Cadence): Promise<void> {
  checkChoice('mode', mode, CADENCES);
  await changeAccount(source, scope, (account) =>
    account.refreshCadence === mode ? null : cadenceFields(mode, account.nextRefreshAt),
  );
}

/**
 * Ask for a refresh of an account within the next minutes. Rejects with `too-early` if it was fetched or asked for
 * within the last hour; `allowedAt` of the error is the time from which on it may be asked for. Rejects with
 * `illegal-change` while its refreshes are off, and with `account-not-found`.
 */
export async function refreshNow(source: AccountSource, scope: AccountScope): Promise<void> {
  let known: TrackedAccount | undefined;
  try {
    await changeAccount(source, scope, (account) => {
      // Either this call's write arrived and its reply was lost, or somebody else asked at the same moment.
      const isDone = known && account.refreshAskedAt?.getTime() !== known.refreshAskedAt?.getTime();
      known = account;
      if (account.refreshCadence === 'off') {
        throw new TrackingJobError('illegal-change', {
          status: 'off',
          message: 'The refreshes of this account are switched off.',
        });
      }
      return isDone ? null : { nextRefreshAt: serverTimestamp(), refreshAskedAt: serverTimestamp() };
    });
  } catch (error) {
    // Who may read the account may also refresh it. So a refused write is too early, by the server's clock.
    if (known?.lastSyncedAt && hasCode(error, 'not-allowed')) {
      const last = Math.max(known.lastSyncedAt.getTime(), known.refreshAskedAt?.getTime() ?? 0);
      throw tooEarly(last + HOUR_MS, error);
    }
    throw error;
  }
}

/** Write the fields that `change` returns; null for none. */
async function changeAccount(
  { firestore, auth }: AccountSource,
  scope: AccountScope,
  change: (account: TrackedAccount) => DocumentData | null,
): Promise<void> {
  const ref = doc(firestore, accountPath(scope));
  await checkSignedIn(auth);
  await transact(firestore, async (transaction) => {
    const snapshot = await transaction.get(ref);
    if (!snapshot.exists()) {
      throw new TrackingJobError('account-not-found');
    }
    const fields = change(readAccount(snapshot));
    if (fields) {
      transaction.update(ref, fields);
    }
  });
}

function cadenceFields(mode: Cadence, next: Date | null): DocumentData {
  if (mode === 'off') {
    return { refreshCadence: mode, nextRefreshAt: null };
  }
  const now = Date.now();
  const isInTime = next !== null && next.getTime() <= now + LONGEST_MS[mode];
  return { refreshCadence: mode, ...(isInTime ? {} : { nextRefreshAt: Timestamp.fromMillis(now + FIRST_AFTER_MS) }) };
}
