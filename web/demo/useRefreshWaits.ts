import { useEffect, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import { type RefreshWaits, watchRefreshWaits } from '../src/refreshWaits';
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
export function waitOf({ platform }: TrackedAccount, { platforms, organization }: RefreshWaits): Date | null {
  const of = [organization, ...platforms.filter((wait) => wait.platform === platform)];
  const times = of.flatMap((wait) => (wait ? [wait.until.getTime()] : []));
  return times.length > 0 ? new Date(Math.max(...times)) : null;
}
