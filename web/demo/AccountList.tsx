import { useEffect, useRef } from 'react';
import type { TrackedAccount } from '../src/account';
import { type AccountType, PLATFORM_LABELS } from '../src/job';
import { Ago } from './Ago';
import { Count } from './Count';
import { Icon } from './DemoIcons';
import { Picture } from './Picture';
import type { Live } from './useAccounts';

const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitor' };

interface AccountListProps {
  accounts: Live<TrackedAccount>;
  selectedId: string | null;
  /** The account whose job has just been completed. */
  arrivedId: string | null;
  onSelect: (id: string) => void;
  onMore: () => void;
}

export function AccountList({ accounts, selectedId, arrivedId, onSelect, onMore }: AccountListProps) {
  return (
    <section className="accounts card" aria-labelledby="accounts-title" aria-busy={accounts.status === 'loading'}>
      <h2 id="accounts-title">
        Accounts
        {accounts.status === 'ready' && accounts.isStale && <span className="stale">Not connected</span>}
      </h2>
      <Rows {...{ accounts, selectedId, arrivedId, onSelect }} />
      {accounts.status === 'ready' && accounts.hasMore && (
        <button type="button" className="secondary more" onClick={onMore}>
          Show more accounts
        </button>
      )}
    </section>
  );
}

function Rows({ accounts, selectedId, arrivedId, onSelect }: Omit<AccountListProps, 'onMore'>) {
  if (accounts.status === 'loading') {
    return <p className="empty">Loading…</p>;
  }
  if (accounts.status === 'failed') {
    return (
      <p className="empty problem" role="alert">
        {accounts.sentence}
      </p>
    );
  }
  if (accounts.items.length === 0) {
    return (
      <p className="empty">
        {accounts.isStale
          ? 'There is no connection. Your accounts appear here once it is back.'
          : 'No accounts yet. Track the first one above: it appears here as soon as it was found.'}
      </p>
    );
  }
  return (
    <ul>
      {accounts.items.map((account) => (
        <Row
          key={account.id}
          account={account}
          isSelected={account.id === selectedId}
          hasArrived={account.id === arrivedId}
          onSelect={onSelect}
        />
      ))}
    </ul>
  );
}

interface RowProps {
  account: TrackedAccount;
  isSelected: boolean;
  hasArrived: boolean;
  onSelect: (id: string) => void;
}

function Row({ account, isSelected, hasArrived, onSelect }: RowProps) {
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (hasArrived) {
      row.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [hasArrived]);
  return (
    <li>
      <button
        ref={row}
        type="button"
        className="account"
        aria-current={isSelected}
        data-arrived={hasArrived}
        onClick={() => onSelect(account.id)}
      >
        <Avatar account={account} />
        <span className="who">
          <Name account={account} />
          <span className="detail">
            <Handle account={account} separator=" · " />
          </span>
          <span className="detail">
            {account.accountType && TYPE_LABELS[account.accountType]}
            <Synced account={account} />
          </span>
        </span>
        <span className="figures">
          <Count value={account.followerCount} unit={['follower', 'followers']} />
          <span className="detail" aria-hidden="true">
            followers
          </span>
        </span>
      </button>
    </li>
  );
}

/** The username and its platform, such as `@nasa · YouTube`. */
export function Handle({ account, separator }: { account: TrackedAccount; separator: string }) {
  return `@${account.username}${account.platform ? separator + PLATFORM_LABELS[account.platform] : ''}`;
}

export function Synced({ account }: { account: TrackedAccount }) {
  return (
    account.lastSyncedAt && (
      <>
        {' · synced '}
        <Ago moment={account.lastSyncedAt} />
      </>
    )
  );
}

/** The display name, with marks for verified and private accounts. */
export function Name({ account }: { account: TrackedAccount }) {
  return (
    <span className="name">
      <span className="text">{account.displayName}</span>
      {account.isVerified && <Icon name="verified" label="verified" />}
      {account.isPrivate && <Icon name="lock" label="private" />}
    </span>
  );
}

/** The account's picture, or the first letter of its name while there is no picture. */
export function Avatar({ account }: { account: TrackedAccount }) {
  const [initial = '?'] = account.displayName || account.username;
  return (
    <Picture src={account.avatarUrl} className={`avatar tone-${toneOf(account.id)}`}>
      {initial.toUpperCase()}
    </Picture>
  );
}

/** Choose one of six colours, always the same one for an account. */
function toneOf(id: string): number {
  return [...id].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 6;
}
