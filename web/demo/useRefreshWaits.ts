import { useEffect, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import { type RefreshWait, type RefreshWaits, watchRefreshWaits } from '../src/refreshWaits';
import type { AccountSource } from '../src/watchAccounts';

const NOTHING_WAITS: RefreshWaits = { platforms: [], organization: null };

/** Watch which refreshes of the organisation wait for a budget. */
export function useRefreshWaits(source: AccountSource, orgId: string): RefreshWaits {
  const [waits, setWaits] = useState(NOTHING_WAITS);
  useEffect(() => {
    const onFailure = () => setWaits(NOTHING_WAITS); // the list of accounts shows the reason
    return watchRefreshWaits(source, orgId, setWaits, onFailure);
  }, [source, orgId]);
  return waits;
}

/** Return until when the account's refreshes wait; the time may be past. Null if nothing makes them wait. */
export function waitOf(account: TrackedAccount, waits: RefreshWaits): Date | null {
  return latest(waitsOf(account, waits));
}

/** Return until when a refresh that somebody asks for waits, too: nothing of the budget is left for it. */
export function askedWaitOf(account: TrackedAccount, waits: RefreshWaits): Date | null {
  return latest(waitsOf(account, waits).filter(({ all }) => all));
}

function waitsOf({ platform }: TrackedAccount, { platforms, organization }: RefreshWaits): RefreshWait[] {
  const ofPlatform = platforms.filter((wait) => wait.platform === platform);
  return organization ? [organization, ...ofPlatform] : ofPlatform;
}

function latest(waits: readonly RefreshWait[]): Date | null {
  return waits.length > 0 ? new Date(Math.max(...waits.map(({ until }) => until.getTime()))) : null;
}
