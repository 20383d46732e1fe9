import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import { ACCOUNT_TYPES, type AccountType, PLATFORM_LABELS, PLATFORMS } from '../src/job';
import { Ago } from './Ago';
import { type AccountOrder, type AccountView, viewOf, WHOLE } from './accountView';
import { Count } from './Count';
import { Icon } from './DemoIcons';
import { Picture } from './Picture';
import { Skeleton } from './Skeleton';
import type { Live } from './useAccounts';

const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitor' };
const TYPE_PLURALS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitors' };
const ORDERS: Readonly<Record<AccountOrder, string>> = {
  added: 'Last added',
  name: 'Name',
  followers: 'Most followers',
  synced: 'Last synced',
};

interface AccountListProps {
  accounts: Live<TrackedAccount>;
  selectedId: string | null;
  /** The account whose job has just been completed. */
  arrivedId: string | null;
  onSelect: (id: string) => void;
  onMore: () => void;
  /** Shown below the sentence of a project without accounts. */
  children?: ReactNode;
}

export function AccountList({ accounts, selectedId, arrivedId, onSelect, onMore, children }: AccountListProps) {
  const [view, setView] = useState(WHOLE);
  const isLarge = accounts.status === 'ready' && accounts.items.length > 1;
  return (
    <section className="accounts card" aria-labelledby="accounts-title" aria-busy={accounts.status === 'loading'}>
      <h2 id="accounts-title">
        Accounts
        {accounts.status === 'ready' && accounts.isStale && <span className="stale">Not connected</span>}
      </h2>
      {isLarge && <Tools view={view} onChange={setView} />}
      <Rows {...{ accounts, view, selectedId, arrivedId, onSelect, children }} onShowAll={() => setView(WHOLE)} />
      {accounts.status === 'ready' && accounts.hasMore && (
        <>
          {view !== WHOLE && (
            <p className="detail bound">Only the {accounts.items.length} newest accounts are searched.</p>
          )}
          <button type="button" className="secondary more" onClick={onMore}>
            Show more accounts
          </button>
        </>
      )}
    </section>
  );
}

interface ToolsProps {
  view: AccountView;
  onChange: (view: AccountView) => void;
}

function Tools({ view, onChange }: ToolsProps) {
  return (
    <div className="tools">
      <input
        type="search"
        value={view.search}
        aria-label="Search accounts"
        placeholder="Search"
        onChange={({ target }) => onChange({ ...view, search: target.value })}
      />
      <select
        value={view.only}
        aria-label="Filter accounts"
        onChange={({ target }) => onChange({ ...view, only: target.value as AccountView['only'] })}
      >
        <option value="all">All</option>
        {ACCOUNT_TYPES.map((type) => (
          <option key={type} value={type}>
            {TYPE_PLURALS[type]}
          </option>
        ))}
        {PLATFORMS.map((name) => (
          <option key={name} value={name}>
            {PLATFORM_LABELS[name]}
          </option>
        ))}
      </select>
      <select
        value={view.order}
        aria-label="Sort accounts"
        onChange={({ target }) => onChange({ ...view, order: target.value as AccountOrder })}
      >
        {Object.entries(ORDERS).map(([order, label]) => (
          <option key={order} value={order}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface RowsProps extends Omit<AccountListProps, 'onMore'> {
  view: AccountView;
  onShowAll: () => void;
}

function Rows({ accounts, view, selectedId, arrivedId, onSelect, onShowAll, children }: RowsProps) {
  if (accounts.status === 'loading') {
    return <Skeleton shape="rows" count={4} />;
  }
  if (accounts.status === 'failed') {
    return (
      <p className="empty problem" role="alert">
        {accounts.sentence}
      </p>
    );
  }
  if (accounts.items.length === 0) {
    return accounts.isStale ? (
      <p className="empty">There is no connection. Your accounts show up here once it is back.</p>
    ) : (
      <div className="empty">
        <p>No accounts yet. Track the first one above: it shows up here as soon as we find it.</p>
        {children}
      </div>
    );
  }
  const shown = viewOf(accounts.items, view);
  if (shown.length === 0) {
    return (
      <div className="empty">
        <p>No account matches.</p>
        <button type="button" className="quiet" onClick={onShowAll}>
          Show all accounts
        </button>
      </div>
    );
  }
  return (
    <ul>
      {shown.map((account) => (
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
    <Picture sources={[account.avatar, account.avatarUrl]} className={`avatar tone-${toneOf(account.id)}`}>
      {initial.toUpperCase()}
    </Picture>
  );
}

/** Choose one of six colours, always the same one for an account. */
function toneOf(id: string): number {
  return [...id].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 6;
}
