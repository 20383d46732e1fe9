/** Choice, order and totals of the accounts that the page has loaded. */

import type { TrackedAccount } from '../src/account';
import { type AccountType, PLATFORM_LABELS, PLATFORMS, type Platform } from '../src/job';

export type AccountOrder = 'added' | 'name' | 'followers' | 'synced';

export interface AccountView {
  search: string;
  /** A platform, a type of account, or all. */
  only: Platform | AccountType | 'all';
  order: AccountOrder;
}

/** All accounts, as they are loaded: those added last come first. */
export const WHOLE: AccountView = { search: '', only: 'all', order: 'added' };

const COMPARE: Readonly<Record<Exclude<AccountOrder, 'added'>, (a: TrackedAccount, b: TrackedAccount) => number>> = {
  name: (a, b) => a.displayName.localeCompare(b.displayName, 'en', { sensitivity: 'base', numeric: true }),
  followers: (a, b) => descending(a.followerCount, b.followerCount),
  synced: (a, b) => descending(a.lastSyncedAt?.getTime() ?? null, b.lastSyncedAt?.getTime() ?? null),
};

export function viewOf(accounts: readonly TrackedAccount[], { search, only, order }: AccountView): TrackedAccount[] {
  const wanted = search.trim().replace(/^@/, '').toLowerCase();
  const shown = accounts.filter(
    ({ username, displayName, platform, accountType }) =>
      (only === 'all' || only === platform || only === accountType) &&
      [username, displayName].some((name) => name.toLowerCase().includes(wanted)),
  );
  return order === 'added' ? shown : shown.sort(COMPARE[order]);
}

/** Compare for the greatest first; unknown values come last. */
export function descending(a: number | null, b: number | null): number {
  return (b ?? -1) - (a ?? -1);
}

export interface Totals {
  name: string;
  accounts: number;
  /** Sums of the known counts; null if none is known. */
  followers: number | null;
  posts: number | null;
  views: number | null;
}

/** Return the totals of each platform that has accounts; if there are several, those of all accounts at the end. */
export function totalsOf(accounts: readonly TrackedAccount[]): Totals[] {
  const rows = PLATFORMS.map((name) =>
    totalOf(
      PLATFORM_LABELS[name],
      accounts.filter(({ platform }) => platform === name),
    ),
  ).filter((row) => row.accounts > 0);
  return rows.length > 1 ? [...rows, totalOf('All', accounts)] : rows;
}

function totalOf(name: string, accounts: readonly TrackedAccount[]): Totals {
  const sum = (field: 'followerCount' | 'postCount' | 'totalViews') => {
    const known = accounts.map((account) => account[field]).filter((count) => count !== null);
    return known.length === 0 ? null : known.reduce((total, count) => total + count, 0);
  };
  return {
    name,
    accounts: accounts.length,
    followers: sum('followerCount'),
    posts: sum('postCount'),
    views: sum('totalViews'),
  };
}
