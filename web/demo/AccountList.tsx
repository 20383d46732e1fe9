import { type Dispatch, type ReactNode, type SetStateAction, useCallback, useMemo } from 'react';
import type { TrackedAccount } from '../src/account';
import { AccountGrid } from './AccountGrid';
import { AccountTools } from './AccountTools';
import { type AccountView, isFiltered, totalsOf, viewOf, WHOLE } from './accountView';
import { CompareBar } from './CompareBar';
import { full } from './format';
import { Skeleton } from './Skeleton';
import { Totals } from './Totals';
import type { Live } from './useAccounts';

export interface AccountListProps {
  accounts: Live<TrackedAccount>;
  view: AccountView;
  onView: (view: AccountView) => void;
  /** The account whose job has just been completed. */
  arrivedId: string | null;
  lastOpenedId: string | null;
  /** The accounts chosen for a comparison, in the order in which they were chosen. */
  chosenIds: readonly string[];
  onChosen: Dispatch<SetStateAction<readonly string[]>>;
  onOpen: (id: string) => void;
  /** Shown below the sentence of a project without accounts. */
  children?: ReactNode;
}

export function AccountList(props: AccountListProps) {
  const { accounts } = props;
  return (
    <section className="accounts card" aria-labelledby="accounts-title" aria-busy={accounts.status === 'loading'}>
      <Content {...props} />
    </section>
  );
}

function Title({ accounts }: { accounts: Live<TrackedAccount> }) {
  return (
    <h2 id="accounts-title">
      Accounts
      {accounts.status === 'ready' && accounts.isStale && <span className="stale">Not connected</span>}
    </h2>
  );
}

function Content(props: AccountListProps) {
  const { accounts, children } = props;
  if (accounts.status === 'loading') {
    return (
      <>
        <Title accounts={accounts} />
        <Skeleton count={8} />
      </>
    );
  }
  if (accounts.status === 'failed') {
    return (
      <>
        <Title accounts={accounts} />
        <p className="empty problem" role="alert">
          {accounts.sentence}
        </p>
      </>
    );
  }
  if (accounts.items.length === 0) {
    return (
      <>
        <Title accounts={accounts} />
        {accounts.isStale ? (
          <p className="empty">There is no connection. Your accounts show up here once it is back.</p>
        ) : (
          <div className="empty">
            <p>No accounts yet. Track the first one above: it shows up here as soon as we find it.</p>
            {children}
          </div>
        )}
      </>
    );
  }
  return <Ready {...props} accounts={accounts} />;
}

interface ReadyProps extends AccountListProps {
  accounts: Extract<Live<TrackedAccount>, { status: 'ready' }>;
}

function Ready({ accounts, view, onView, arrivedId, lastOpenedId, onChosen, onOpen, ...props }: ReadyProps) {
  const { items, hasMore } = accounts;
  const shown = useMemo(() => viewOf(items, view), [items, view]);
  const unavailable = useMemo(() => totalsOf(items).unavailable, [items]);
  const byId = useMemo(() => new Map(items.map((account) => [account.id, account])), [items]);
  const chosen = props.chosenIds.flatMap((id) => byId.get(id) ?? []); // one that was removed is chosen no more
  const chosenIds = chosen.map(({ id }) => id);
  const onChoose = useCallback(
    (id: string, isChosen: boolean) =>
      onChosen((ids) => [...ids.filter((other) => other !== id), ...(isChosen ? [id] : [])]),
    [onChosen],
  );
  return (
    <>
      <div className="overview">
        <Title accounts={accounts} />
        {shown.length > 0 && <Totals shown={shown} all={items.length} />}
      </div>
      <AccountTools view={view} onView={onView} shown={shown} unavailable={unavailable} />
      <p className="unseen" role="status">
        {isFiltered(view) && `${full(shown.length)} of ${full(items.length)} accounts match.`}
      </p>
      {hasMore && (
        <p className="detail bound">
          The project has more accounts. These are the {full(items.length)} that were added last.
        </p>
      )}
      {chosen.length > 0 && (
        <CompareBar chosen={chosen} onRemove={(id) => onChoose(id, false)} onClear={() => onChosen([])} />
      )}
      {shown.length === 0 ? (
        <div className="empty">
          <p>No account matches.</p>
          <button type="button" className="quiet" onClick={() => onView({ ...WHOLE, sort: view.sort })}>
            Show all accounts
          </button>
        </div>
      ) : (
        <AccountGrid
          shown={shown}
          view={view}
          onView={onView}
          arrivedId={arrivedId}
          lastOpenedId={lastOpenedId}
          chosenIds={chosenIds}
          onChoose={onChoose}
          onOpen={onOpen}
        />
      )}
      {shown.length > 0 && (
        <p className="detail keys" aria-hidden="true">
          <kbd>↑</kbd> <kbd>↓</kbd> other accounts · <kbd>Enter</kbd> opens · <kbd>←</kbd> <kbd>Space</kbd> compares
        </p>
      )}
    </>
  );
}
