/** Search, filter, order and totals of the accounts that the page has loaded. */

import type { TrackedAccount } from '../src/account';
import type { AccountType, Platform } from '../src/job';

/** Sorts of the list: `f7` and `f30` are followers gained, `p7` and `p30` are the same as shares of the followers before. */
export const ACCOUNT_SORTS = ['added', 'name', 'followers', 'f7', 'f30', 'p7', 'p30', 'synced'] as const;
export type AccountSort = (typeof ACCOUNT_SORTS)[number];

/** How the list of accounts is looked at. The page's address holds it (route.ts). */
export interface AccountView {
  search: string;
  /** Null for all. */
  platform: Platform | null;
  /** Null for all. */
  type: AccountType | null;
  /** Only accounts that cannot be refreshed. */
  needsAttention: boolean;
  sort: AccountSort;
  /** From the least to the most, and names from Z to A. */
  isReversed: boolean;
}

/** All accounts, as they are loaded: those added last come first. */
export const WHOLE: AccountView = {
  search: '',
  platform: null,
  type: null,
  needsAttention: false,
  sort: 'added',
  isReversed: false,
};

const NAMES = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

/** Figures to sort by, the greatest first. An account without the figure comes last, in both directions. */
const FIGURES: Readonly<Record<Exclude<AccountSort, 'name'>, (account: TrackedAccount) => number | null>> = {
  added: ({ dateAdded }) => dateAdded?.getTime() ?? null,
  followers: ({ followerCount }) => followerCount,
  f7: ({ growth }) => growth?.f7 ?? null,
  f30: ({ growth }) => growth?.f30 ?? null,
  p7: (account) => shareGained(account, 'f7'),
  p30: (account) => shareGained(account, 'f30'),
  synced: ({ lastSyncedAt }) => lastSyncedAt?.getTime() ?? null,
};

/** Whether the view leaves accounts out. */
export function isFiltered({ search, platform, type, needsAttention }: AccountView): boolean {
  return search.trim() !== '' || platform !== null || type !== null || needsAttention;
}

export function viewOf(accounts: readonly TrackedAccount[], view: AccountView): TrackedAccount[] {
  const wanted = folded(view.search.trim().replace(/^@/, ''));
  const shown = accounts.filter(
    ({ username, displayName, platform, accountType, unavailable }) =>
      (view.platform === null || view.platform === platform) &&
      (view.type === null || view.type === accountType) &&
      (!view.needsAttention || unavailable !== null) &&
      (wanted === '' || folded(username).includes(wanted) || folded(displayName).includes(wanted)),
  );
  return sorted(shown, view);
}

/** Sort a new array in place, and return it. */
function sorted(accounts: TrackedAccount[], { sort, isReversed }: AccountView): TrackedAccount[] {
  const direction = isReversed ? -1 : 1;
  if (sort === 'name') {
    return accounts.sort((a, b) => direction * NAMES.compare(a.displayName, b.displayName));
  }
  const figure = FIGURES[sort];
  return accounts
    .map((account) => ({ account, value: figure(account) }))
    .sort(({ value: a }, { value: b }) => {
      if (a === null || b === null) {
        return Number(a === null) - Number(b === null);
      }
      return direction * (b - a);
    })
    .map(({ account }) => account);
}

/** Fold a name, so that "jose" finds "José" and capitals do not matter. */
function folded(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Compare for the greatest first; unknown values come last. */
export function descending(a: number | null, b: number | null): number {
  return (b ?? -1) - (a ?? -1);
}

/** Followers gained as a share of the followers at the beginning: 0.1 is a tenth. Null without such a beginning. */
export function shareGained({ followerCount, growth }: TrackedAccount, over: 'f7' | 'f30'): number | null {
  const gained = growth?.[over] ?? null;
  if (gained === null || followerCount === null || followerCount <= gained) {
    return null;
  }
  return gained / (followerCount - gained);
}

export interface Totals {
  accounts: number;
  /** Sum of the known counts; null if none is known. */
  followers: number | null;
  /** Followers gained in 7 days by the accounts of which that is known; null if it is known of none. */
  gained: number | null;
  /** Number of accounts of which it is known how much they gained. */
  measured: number;
  /** Number of accounts that cannot be refreshed. */
  unavailable: number;
}

export function totalsOf(accounts: readonly TrackedAccount[]): Totals {
  const gains = accounts.map(({ growth }) => growth?.f7 ?? null).filter((gain) => gain !== null);
  return {
    accounts: accounts.length,
    followers: sumOf(accounts.map(({ followerCount }) => followerCount).filter((count) => count !== null)),
    gained: sumOf(gains),
    measured: gains.length,
    unavailable: accounts.filter(({ unavailable }) => unavailable !== null).length,
  };
}

function sumOf(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : numbers.reduce((total, number) => total + number, 0);
}
