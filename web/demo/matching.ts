/** Comparison of typed names, jobs and accounts: all three may mean the same account of a platform. */

import type { TrackedAccount } from '../src/account';
import { CANCELLABLE, PLATFORM_LABELS, type Platform, type TrackingJob } from '../src/job';
import { accountKey, usernameOf } from '../src/username';
import { keyOf, type WhyKnown } from './bulk';

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
 * Return a function that says why an account needs no job: it is in the list, or a job of it waits or runs. Only the
 * accounts that the page has loaded count. A further job would do no harm: it would sync the account once more.
 */
export function whyKnownBy(accounts: readonly TrackedAccount[], jobs: readonly TrackingJob[]): WhyKnown {
  let listed: ReadonlySet<string> | null = null; // made when it is first asked for, and not at each change of a job
  const open = new Set(jobs.map((job) => keyOf(job.username, job.platform)));
  return (typed, platform) => {
    const key = keyOf(typed, platform);
    listed ??= new Set(accounts.flatMap(keysOf));
    if (listed.has(key)) {
      const name = usernameOf(typed, platform) ?? typed.trim();
      return `${name} on ${PLATFORM_LABELS[platform]} is already in your list. Open it there to refresh it.`;
    }
    return open.has(key) ? 'This account is already being tracked.' : null;
  };
}

function keysOf({ platform, username, platformUserId }: TrackedAccount): string[] {
  return platform === null ? [] : [username, platformUserId].map((name) => keyOf(name, platform));
}
