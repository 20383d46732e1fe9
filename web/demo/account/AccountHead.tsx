import { useEffect, useRef } from 'react';
import type { TrackedAccount } from '../../src/account';
import { PLATFORM_LABELS } from '../../src/job';
import { TYPE_LABELS } from '../AccountTools';
import { Icon } from '../DemoIcons';
import { day } from '../format';
import { Avatar, Name } from '../Identity';

/** Show who the account is: picture, name, handle with its link, and the names that it had before. */
export function AccountHead({ account, titleId }: { account: TrackedAccount; titleId: string }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []); // the page has changed: say where one is
  const { platform, accountType, usernameHistory } = account;
  const before = usernameHistory.at(-1);
  const handle = <bdi>@{account.username}</bdi>;
  return (
    <div className="acc-who">
      <Avatar account={account} />
      <div className="acc-names">
        <h2 id={titleId} ref={title} tabIndex={-1} dir="auto">
          <Name account={account} />
        </h2>
        <p className="detail acc-line">
          {account.profileUrl ? (
            <a href={account.profileUrl} target="_blank" rel="noopener noreferrer">
              {handle}
              <span className="unseen"> (opens in a new tab)</span>
            </a>
          ) : (
            handle
          )}
          {platform && <span>{PLATFORM_LABELS[platform]}</span>}
          {accountType && <span className="acc-chip">{TYPE_LABELS[accountType]}</span>}
          {before && (
            <span>
              was <bdi>@{before.username}</bdi>
              {before.until && <> until {day(before.until)}</>}
            </span>
          )}
        </p>
        {account.bio && (
          <p className="bio acc-bio" dir="auto">
            {account.bio}
          </p>
        )}
      </div>
    </div>
  );
}

/** The way back to the list. */
export function Back({ onBack }: { onBack: () => void }) {
  return (
    <button type="button" className="quiet acc-back" onClick={onBack}>
      <Icon name="back" /> All accounts
    </button>
  );
}
