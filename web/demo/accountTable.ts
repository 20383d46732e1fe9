/** The list of accounts as a CSV file. */

import type { TrackedAccount } from '../src/account';
import { type CsvCell, toCsv } from '../src/charts/csv';
import { shareGained } from './accountView';

const COLUMNS: Readonly<Record<string, (account: TrackedAccount) => CsvCell>> = {
  id: ({ id }) => id,
  name: ({ displayName }) => displayName,
  username: ({ username }) => username,
  platform: ({ platform }) => platform,
  type: ({ accountType }) => accountType,
  url: ({ profileUrl }) => profileUrl,
  followers: ({ followerCount }) => followerCount,
  followers_7d: ({ growth }) => growth?.f7 ?? null,
  followers_7d_percent: (account) => percent(shareGained(account, 'f7')),
  followers_30d: ({ growth }) => growth?.f30 ?? null,
  followers_30d_percent: (account) => percent(shareGained(account, 'f30')),
  views_7d: ({ growth }) => growth?.v7 ?? null,
  views_30d: ({ growth }) => growth?.v30 ?? null,
  posts: ({ postCount }) => postCount,
  views: ({ totalViews }) => totalViews,
  added: ({ dateAdded }) => dateAdded?.toISOString() ?? null,
  refreshed: ({ lastSyncedAt }) => lastSyncedAt?.toISOString() ?? null,
  unavailable: ({ unavailable }) => unavailable,
  unavailable_since: ({ unavailableSince }) => unavailableSince?.toISOString() ?? null,
  former_usernames: ({ usernameHistory }) => usernameHistory.map(({ username }) => username).join(' '),
};

/**
 * Write the accounts as CSV (RFC 4180) in their order, with a line of names above them. A value that is not known is
 * empty. A name that begins like a formula gets an apostrophe (`toCsv`); usernames are written without `@`.
 */
export function accountsCsv(accounts: readonly TrackedAccount[]): string {
  const columns = Object.values(COLUMNS);
  return toCsv([Object.keys(COLUMNS), ...accounts.map((account) => columns.map((column) => column(account)))]);
}

/** Percent with at most four digits behind the point. */
function percent(share: number | null): number | null {
  return share === null ? null : Math.round(share * 1_000_000) / 10_000;
}
