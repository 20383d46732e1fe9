import type { TrackedAccount } from '../../src/account';
import { day } from '../format';
import { nextLook, unavailableNotice } from './refreshWords';
import { useMinute } from './useMinute';

/** Say why the account cannot be refreshed any more, and what that means for its values. */
export function UnavailableNotice({ account }: { account: TrackedAccount }) {
  const now = useMinute();
  const { unavailable, unavailableSince, lastSyncedAt } = account;
  if (unavailable === null) {
    return null;
  }
  const { title, text } = unavailableNotice(account, unavailable);
  return (
    <div className="acc-notice" role="note">
      <p className="acc-notice-title">
        {title}
        {unavailableSince && ` since ${day(unavailableSince)}`}
      </p>
      <p>{text}</p>
      <p>
        These are the last known values{lastSyncedAt && `, of ${day(lastSyncedAt)}`}. {nextLook(account, now)}
      </p>
    </div>
  );
}
