import { useState } from 'react';
import type { TrackedAccount } from '../../src/account';
import type { AccountSource, ProjectScope } from '../../src/watchAccounts';
import type { Range } from '../route';
import '../../src/charts/charts.css';
import './account.css';
import { AccountHead, Back } from './AccountHead';
import { type AccountAccess, FIRESTORE_ACCESS } from './access';
import { FigureGrid } from './FigureGrid';
import { HistoryCharts } from './HistoryCharts';
import { PostingTimes } from './PostingTimes';
import { Refreshes, RefreshNow } from './Refreshes';
import { StopTracking } from './StopTracking';
import { UnavailableNotice } from './UnavailableNotice';
import { useHistories, useVideosOf, type Watched } from './useAccountData';
import { useMinute } from './useMinute';
import { VideoList } from './VideoList';

/** Posts that the figures, the posting times and the list begin with; each is one read. */
const NEWEST = 200;

export interface AccountPageProps {
  source: AccountSource;
  scope: ProjectScope;
  account: TrackedAccount;
  /** The range of the charts. */
  days: Range;
  onDays: (days: Range) => void;
  /** Whether a job of this account waits or runs. */
  isSyncing: boolean;
  /** Track the account anew with a job. */
  onSync: () => Promise<void>;
  onBack: () => void;
  /** Open the comparison with this account. */
  onCompare: () => void;
  /** Whether this user may stop the tracking. */
  canRemove: boolean;
  onRemove: () => Promise<void>;
  /** Refreshes wait for a budget until then. */
  waitsUntil?: Date | null | undefined;
  /** Refreshes that somebody asks for wait, too, until then. */
  askedWaitsUntil?: Date | null | undefined;
  /** In place of Firestore's calls. */
  access?: AccountAccess;
}

/** Show one account: who it is, its figures, its growth, its posts, and how it is refreshed. Give it the id as `key`. */
export function AccountPage(props: AccountPageProps) {
  const { source, scope, account, days, access = FIRESTORE_ACCESS } = props;
  const [newest, setNewest] = useState(NEWEST);
  const ids = [account.id];
  const history = only(useHistories(access, source, scope, ids, days));
  const videos = only(useVideosOf(access, source, scope, ids, 'newest', newest));
  const now = useMinute();
  const accountScope = { ...scope, accountId: account.id };
  return (
    <section className="acc-page" aria-labelledby="acc-title">
      <Back onBack={props.onBack} />
      <header className="card acc-head">
        <AccountHead account={account} titleId="acc-title" />
        <div className="acc-buttons">
          <RefreshNow
            account={account}
            waitsUntil={props.askedWaitsUntil ?? null}
            onRefresh={() => access.refreshNow(source, accountScope)}
          />
          <button type="button" className="secondary" onClick={props.onCompare}>
            Compare
          </button>
        </div>
        <UnavailableNotice account={account} />
      </header>
      <FigureGrid account={account} history={history} videos={videos} now={now} />
      <HistoryCharts account={account} history={history} days={days} onDays={props.onDays} />
      <div className="acc-pair">
        <PostingTimes videos={videos} />
        <Refreshes
          account={account}
          waitsUntil={props.waitsUntil ?? null}
          isSyncing={props.isSyncing}
          onCadence={(cadence) => access.setRefresh(source, accountScope, cadence)}
          onSync={props.onSync}
        />
      </div>
      <VideoList
        access={access}
        source={source}
        scope={scope}
        account={account}
        videos={videos}
        onMore={() => setNewest(newest + NEWEST)}
      />
      <StopTracking
        account={account}
        canRemove={props.canRemove}
        onRemove={props.onRemove}
        isSyncing={props.isSyncing}
        onGone={props.onBack}
      />
    </section>
  );
}

function only<T>(states: ReadonlyMap<string, Watched<T>>): Watched<T> {
  const [state] = states.values();
  return state ?? { status: 'loading' };
}
