/** Comparison of typed names, jobs and accounts: all three may mean the same account of a platform. */

import type { TrackedAccount } from '../src/account';
import { CANCELLABLE, PLATFORM_LABELS, type Platform, type TrackingJob } from '../src/job';
import { usernameOf } from '../src/username';

/** Make a text that is equal for two typed names of one account. No platform tells upper from lower case. */
export function accountKey(typed: string, platform: Platform): string {
  return `${platform}/${(usernameOf(typed, platform) ?? typed.trim()).toLowerCase()}`;
}

/** Return the account's keys. On YouTube people may type the channel ID in place of the handle. */
function keysOf({ platform, username, platformUserId }: TrackedAccount): string[] {
  return platform === null ? [] : [username, platformUserId].map((name) => accountKey(name, platform));
}

export function findAccount(accounts: readonly TrackedAccount[], typed: string, platform: Platform) {
  const key = accountKey(typed, platform);
  return accounts.find((account) => keysOf(account).includes(key));
}

/** Return the account's waiting or running job, if there is one. */
export function findOpenJob(jobs: readonly TrackingJob[], account: TrackedAccount): TrackingJob | undefined {
  const keys = keysOf(account);
  return jobs.find(
    (job) => isOpen(job) && (job.accountId === account.id || keys.includes(accountKey(job.username, job.platform))),
  );
}

export function isOpen({ status }: TrackingJob): boolean {
  return CANCELLABLE.includes(status);
}

/**
 * Say why a typed name needs no new job; null if it does. The answer is as good as what the page has loaded: its
 * newest jobs and accounts. A second job would do no harm: it would sync the account once more.
 */
export function whyNotTracked(
  typed: string,
  platform: Platform,
  jobs: readonly TrackingJob[],
  accounts: readonly TrackedAccount[],
): string | null {
  const key = accountKey(typed, platform);
  const name = `${usernameOf(typed, platform) ?? typed.trim()} on ${PLATFORM_LABELS[platform]}`;
  const account = findAccount(accounts, typed, platform);
  const hasJob = jobs.some((job) => isOpen(job) && accountKey(job.username, job.platform) === key);
  if (hasJob || (account && findOpenJob(jobs, account))) {
    return `${name} is already being tracked.`;
  }
  return account ? `${name} is already in your list. Open it there to sync it again.` : null;
}
