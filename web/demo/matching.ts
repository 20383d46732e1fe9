/** Comparison of typed names, jobs and accounts: all three may mean the same account of a platform. */

import type { TrackedAccount } from '../src/account';
import { CANCELLABLE, PLATFORM_LABELS, type Platform, type TrackingJob } from '../src/job';
import { accountKey, usernameOf } from '../src/username';

/** A typed name and its platform; every job is one. */
interface Typed {
  username: string;
  platform: Platform;
}

export function isSameAccount(a: Typed, b: Typed): boolean {
  return a.platform === b.platform && accountKey(a.username, a.platform) === accountKey(b.username, b.platform);
}

/** Whether the name means the account. On YouTube people may type the channel ID in place of the handle. */
function names(typed: Typed, { platform, username, platformUserId }: TrackedAccount): boolean {
  return (
    platform !== null && [username, platformUserId].some((name) => isSameAccount(typed, { platform, username: name }))
  );
}

/** Whether one of the accounts or of the unfinished jobs is the account of that name. */
export function isKnown(typed: Typed, jobs: readonly TrackingJob[], accounts: readonly TrackedAccount[]): boolean {
  return jobs.some((job) => isSameAccount(job, typed)) || accounts.some((account) => names(typed, account));
}

/** Whether one of the unfinished jobs is the account's. */
export function isBusy(account: TrackedAccount, jobs: readonly TrackingJob[]): boolean {
  return jobs.some((job) => job.accountId === account.id || names(job, account));
}

export function isUnfinished({ status }: TrackingJob): boolean {
  return CANCELLABLE.includes(status);
}

/**
 * Say that an account is in the list already; null if it is not. Only the accounts that the page has loaded count. A
 * further job would do no harm: it would sync the account once more.
 */
export function whyListed(typed: Typed, accounts: readonly TrackedAccount[]): string | null {
  if (!accounts.some((account) => names(typed, account))) {
    return null;
  }
  const name = usernameOf(typed.username, typed.platform) ?? typed.username.trim();
  return `${name} on ${PLATFORM_LABELS[typed.platform]} is already in your list. Open it there to sync it again.`;
}
